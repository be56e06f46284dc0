"""Admin page of the answers that are kept for requests sent twice."""

from django.contrib import admin

from apps.api.models import IdempotencyRecord
from apps.kernel.admin import QuickListAdmin, link, related


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(QuickListAdmin):
    """Which keys were used, for what, and how it was answered. The answers stay
    unshown: the one that issued an API key holds it."""

    list_display = ["key", "operation", "status", "place", "created_at"]
    search_names = ["key"]
    search_help_text = "Idempotency key"
    list_defer = ["body"]
    fields = [("key", "operation", "status"), ("place", "created_at")]
    readonly_fields = ["place"]

    @related("project")
    def place(self, record: IdempotencyRecord) -> str:
        """Link to the project."""
        return link("identity", "project", record.project_id)
