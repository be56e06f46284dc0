"""Admin pages of roles and of who holds them."""

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest

from apps.identity.actor import Actor
from apps.identity.forms import RoleAssignmentForm, RoleForm
from apps.identity.models import Role, RoleAssignment
from apps.identity.services.assign_role import assign_role
from apps.identity.services.create_role import NewRole, create_role
from apps.identity.services.unassign_role import unassign_role
from apps.identity.services.update_role import RoleChanges, update_role
from apps.kernel import clock
from apps.kernel.admin import DatedAdmin, HouseAdmin, link, related


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

    def save_model(
        self, request: HttpRequest, obj: Any, form: "ModelForm[Any]", change: bool
    ) -> None:
        """Create or change the role."""
        by, now = Actor.of_account(request.user.get_username()), clock.now()
        if change:
            changes = RoleChanges(obj.description, obj.permissions)
            update_role(obj.project_id, obj.pk, changes, by=by, now=now)
        else:
            new = NewRole(obj.name, obj.permissions, obj.description)
            made = create_role(obj.project_id, new, by=by, now=now)
            obj.pk, obj.created_at = made.pk, made.created_at


@admin.register(RoleAssignment)
class RoleAssignmentAdmin(HouseAdmin):
    """Who holds which role."""

    form = RoleAssignmentForm
    autocomplete_fields = ["principal", "role"]
    list_display = ["id", "holder", "role", "granted_by", "created_at"]
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

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What the system principal of an organization holds is not taken: it can be
        disabled, and each of its keys revoked."""
        if obj is not None and obj.principal.organization_id is not None:
            return False
        return bool(super().has_delete_permission(request, obj))

    def save_model(
        self, request: HttpRequest, obj: Any, form: "ModelForm[Any]", change: bool
    ) -> None:
        """Give the role."""
        by = Actor.of_account(request.user.get_username())
        given = assign_role(obj.principal, obj.role, by=by, now=clock.now())
        obj.pk, obj.created_at = given.pk, given.created_at

    def delete_model(self, request: HttpRequest, obj: RoleAssignment) -> None:
        """Take the role away."""
        by = Actor.of_account(request.user.get_username())
        unassign_role(obj, by=by, now=clock.now())
