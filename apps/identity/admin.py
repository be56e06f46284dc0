"""Admin pages of access."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from apps.identity import accounts
from apps.identity.forms import (
    HandleForm,
    IssueKeyForm,
    RoleAssignmentForm,
    RoleForm,
)
from apps.identity.models import (
    ApiKey,
    Organization,
    Principal,
    Project,
    Role,
    RoleAssignment,
)
from apps.identity.services.assign_role import assign_role
from apps.identity.services.issue_key import issue_key
from apps.identity.services.revoke_key import revoke_key
from apps.kernel import clock
from apps.kernel.admin import (
    DatedAdmin,
    HouseAdmin,
    ReadOnlyAdmin,
    badge,
    button,
    link,
    link_list,
    related,
)

__all__ = ["accounts"]


@admin.register(Organization)
class OrganizationAdmin(DatedAdmin):
    """Tenants."""

    form = HandleForm
    fields = ["id", "name", "handle", "created_at"]
    fixed_fields = ["handle"]
    list_display = ["name", "handle", "projects", "created_at"]
    search_fields = ["id", "name", "handle"]

    @related("projects")
    def projects(self, organization: Organization) -> str:
        """Link to the projects of this tenant."""
        return link_list(
            "identity", "project", "projects", organization__id__exact=organization.id
        )


@admin.register(Project)
class ProjectAdmin(DatedAdmin):
    """Projects."""

    form = HandleForm
    fields = [
        *("id", "organization", "name", "handle", "description"),
        *("keep_runs_days", "keep_run_events_days", "keep_source_events_days"),
        *("created_at", "updated_at"),
    ]
    fixed_fields = ["organization", "handle"]
    autocomplete_fields = ["organization"]
    list_display = ["handle", "name", "tenant", "members", "created_at"]
    list_filter = ["organization"]
    list_select_related = ["organization"]
    search_fields = ["id", "name", "handle", "description"]

    @related("organization", order_by="organization__name")
    def tenant(self, project: Project) -> str:
        """Link to the organization."""
        return link(
            "identity", "organization", project.organization_id, project.organization
        )

    @related("principals")
    def members(self, project: Project) -> str:
        """Link to the principals of this project."""
        return link_list(
            "identity", "principal", "principals", project__id__exact=project.id
        )


@admin.register(Principal)
class PrincipalAdmin(DatedAdmin):
    """Who acts, with the button that issues a key."""

    fields = [
        *("id", "project", "kind", "name", "email", "disabled", "user"),
        *("roles", "keys", "created_at", "updated_at"),
    ]
    fixed_fields = ["project", "name", "kind"]
    autocomplete_fields = ["project", "user"]
    list_display = ["name", "kind_badge", "standing", "place", "roles", "keys"]
    list_filter = ["kind", "disabled", "project"]
    list_select_related = ["project"]
    search_fields = ["id", "name", "email"]
    actions_detail = ["issue"]

    kind_badge = badge(
        "kind", {"human": "success", "service": "info", "agent": "warning"}
    )

    standing = badge(
        "disabled",
        {"active": "success", "disabled": "danger"},
        description="state",
        value=lambda principal: "disabled" if principal.disabled else "active",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Principal]:
        """Fetch the roles with the rows."""
        rows: QuerySet[Principal] = super().get_queryset(request)
        return rows.prefetch_related("assignments__role")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Any = None
    ) -> Sequence[str]:
        """Add the two columns that are computed."""
        return [*super().get_readonly_fields(request, obj), "roles", "keys"]

    @related("project", order_by="project__handle")
    def place(self, principal: Principal) -> str:
        """Link to the project."""
        return link("identity", "project", principal.project_id, principal.project)

    @related("roles")
    def roles(self, principal: Principal) -> str:
        """Name the roles and link to their assignments."""
        if not principal.pk or principal._state.adding:
            return self.empty_value_display
        names = [held.role.name for held in principal.assignments.all()]
        return link_list(
            "identity",
            "roleassignment",
            ", ".join(sorted(names)) or "none",
            principal__id__exact=principal.id,
        )

    @related("API keys")
    def keys(self, principal: Principal) -> str:
        """Link to the keys."""
        if principal._state.adding:
            return self.empty_value_display
        return link_list(
            "identity", "apikey", "keys", principal__id__exact=principal.id
        )

    def has_operate_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Issuing a key is adding a key."""
        return request.user.has_perm("identity.add_apikey")

    @button(
        "Issue API key",
        question="The key is shown once, on the next page.",
        form=IssueKeyForm,
        icon="key",
    )
    def issue(
        self, request: HttpRequest, object_id: str, filled: dict[str, Any]
    ) -> str:
        """Issue a key and show it, this once."""
        now = clock.now()
        days = filled["expires_in_days"]
        issued = issue_key(
            Principal.objects.get(pk=object_id),
            name=filled["name"],
            expires_at=now + timedelta(days=days) if days else None,
            now=now,
        )
        return f"Copy the key now, it is not shown again: {issued.secret}"


@admin.register(Role)
class RoleAdmin(DatedAdmin):
    """Sets of permissions; built-in ones can be read and assigned only."""

    form = RoleForm
    fixed_fields = ["project", "name"]
    fields = [
        *("id", "project", "name", "description", "permissions"),
        *("created_at", "updated_at"),
    ]
    autocomplete_fields = ["project"]
    list_display = ["name", "description", "project", "system_defined"]
    list_filter = ["system_defined", "project"]
    search_fields = ["id", "name", "description"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Built-in roles follow the catalogue in the code."""
        if obj is not None and obj.system_defined:
            return False
        return bool(super().has_change_permission(request, obj))


@admin.register(RoleAssignment)
class RoleAssignmentAdmin(HouseAdmin):
    """Who holds which role."""

    form = RoleAssignmentForm
    autocomplete_fields = ["principal", "role"]
    list_display = ["id", "holder", "role", "created_at"]
    list_filter = ["role", "principal__project"]
    list_select_related = ["principal", "role"]
    search_fields = ["id", "principal__name", "principal__id", "role__name"]

    @related("principal", order_by="principal__name")
    def holder(self, assignment: RoleAssignment) -> str:
        """Link to the principal."""
        return link(
            "identity", "principal", assignment.principal_id, assignment.principal
        )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An assignment is given or taken, not changed."""
        return False

    def save_model(
        self, request: HttpRequest, obj: Any, form: "ModelForm[Any]", change: bool
    ) -> None:
        """Give the role."""
        given = assign_role(obj.principal, obj.role, now=clock.now())
        obj.pk, obj.created_at = given.pk, given.created_at


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Keys: who holds them, when they were used, and how to end them."""

    fields = [
        *("id", "name", "prefix", "owner", "standing", "expires_at", "revoked_at"),
        *("last_used_at", "created_at"),
    ]
    list_display = ["name", "prefix", "standing", "owner", "last_used_at", "expires_at"]
    list_filter = [
        ("revoked_at", admin.EmptyFieldListFilter),
        "principal__project",
        "expires_at",
    ]
    list_select_related = ["principal"]
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

    @button(
        "Revoke",
        question="End this key for good? Who uses it is refused from now on.",
        icon="block",
        danger=True,
    )
    def revoke(self, request: HttpRequest, object_id: str) -> str:
        """Revoke this key."""
        key = revoke_key(ApiKey.objects.get(pk=object_id), now=clock.now())
        return f"The key {key.name} is revoked."

    @admin.action(description="Revoke the selected keys", permissions=["operate"])
    def revoke_selected(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """Revoke several keys."""
        keys = [revoke_key(key, now=clock.now()) for key in queryset]
        self.message_user(request, f"{len(keys)} keys are revoked.")
