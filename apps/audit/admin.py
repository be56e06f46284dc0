"""Admin page of the audit log: read, never changed."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.audit.models import AuditHead, AuditRecord
from apps.audit.selectors import ACTIONS
from apps.kernel.admin import QuickListAdmin, ReadOnlyAdmin, badge, link, related
from apps.kernel.admin_lists import choice_filter, word_filter
from apps.kernel.admin_sections import Section, json_section

COLORS = {"create": "success", "delete": "danger", "archive": "warning"}


@admin.register(AuditRecord)
class AuditRecordAdmin(QuickListAdmin):
    """Every change of the configuration, newest first."""

    list_display = ["created_at", "act", "resource_type", "resource", "who", "place"]
    list_filter = [
        choice_filter("action", lambda: [(word, word) for word in ACTIONS]),
        word_filter("resource_type"),
    ]
    search_fields = ["id", "resource_id", "project_id"]
    ordering = ["-created_at", "-id"]
    fields = [
        ("id", "number"),
        ("act", "resource_type"),
        ("resource_id", "resource_name"),
        ("who", "place"),
        ("created_at",),
        ("previous_hash",),
        ("hash",),
    ]
    readonly_fields = ["act", "who", "place", "resource"]

    act = badge("action", COLORS, description="action")

    def sections(self, request: HttpRequest, row: AuditRecord) -> Sequence[Section]:
        """Show what changed, and all that is known of who did it."""
        return [json_section("Changes", row.changes), json_section("By", row.actor)]

    @related("what", order_by="resource_id")
    def resource(self, record: AuditRecord) -> str:
        """Return the row's name, or its id."""
        return record.resource_name or record.resource_id

    @related("who")
    def who(self, record: AuditRecord) -> str:
        """Return who acted, by whatever way."""
        actor: dict[str, Any] = record.actor
        name = actor.get("principal_name") or actor.get("credential_name")
        return f"{name} ({actor.get('source')})" if name else str(actor.get("source"))

    @related("project", order_by="project_id")
    def place(self, record: AuditRecord) -> str:
        """Link to the project."""
        return link("identity", "project", record.project_id)


@admin.register(AuditHead)
class AuditHeadAdmin(ReadOnlyAdmin):
    """Where each organization's chain ends: what to keep somewhere safe."""

    list_display = ["organization_id", "number", "hash"]
    search_fields = ["organization_id"]
    ordering = ["organization_id"]
    fields = ["organization_id", "number", "hash"]
