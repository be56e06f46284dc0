"""Admin pages of API keys."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.identity.actor import Actor
from apps.identity.models import ApiKey
from apps.identity.services.revoke_key import revoke_key
from apps.kernel import clock
from apps.kernel.admin import ReadOnlyAdmin, badge, button, link, related


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Keys: who holds them, when they were used, and how to end them."""

    fields = [
        *("id", "name", "prefix", "owner", "scope_role", "standing", "expires_at"),
        *("revoked_at", "successor", "last_used_at", "created_by", "created_at"),
    ]
    list_display = [
        "name",
        "prefix",
        "standing",
        "owner",
        "scope_role",
        "last_used_at",
        "expires_at",
    ]
    list_filter = [
        ("revoked_at", admin.EmptyFieldListFilter),
        "principal__project",
        "principal__organization",
        "expires_at",
    ]
    list_select_related = ["principal", "scope_role"]
    search_fields = ["id", "name", "prefix", "principal__name", "principal__id"]
    actions = ["revoke_selected"]
    actions_detail = ["revoke"]

    standing = badge(
        "revoked_at",
        {"active": "success", "expired": "warning", "revoked": "danger"},
        description="state",
        value=lambda key: key.state(clock.now()),
    )

    @related("principal", order_by="principal__name")
    def owner(self, key: ApiKey) -> str:
        """Link to the principal."""
        return link("identity", "principal", key.principal_id, key.principal)

    @related("rotated to")
    def successor(self, key: ApiKey) -> str:
        """Link to the key that took its place."""
        return link("identity", "apikey", key.replaced_by)

    @button(
        "Revoke",
        question="End this key for good? Who uses it is refused from now on.",
        icon="block",
        danger=True,
    )
    def revoke(self, request: HttpRequest, object_id: str) -> str:
        """Revoke this key."""
        key = self._revoke(request, ApiKey.objects.get(pk=object_id))
        return f"The key {key.name} is revoked."

    @admin.action(description="Revoke the selected keys", permissions=["operate"])
    def revoke_selected(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """Revoke several keys."""
        keys = [self._revoke(request, key) for key in queryset]
        self.message_user(request, f"{len(keys)} keys are revoked.")

    def _revoke(self, request: HttpRequest, key: ApiKey) -> ApiKey:
        by = Actor.of_account(request.user.get_username())
        return revoke_key(key, by=by, now=clock.now())
