"""Forms of the admin pages."""

from typing import TYPE_CHECKING, Any

from django import forms
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from apps.identity.handles import check_handle
from apps.identity.models import Role, RoleAssignment
from apps.identity.permissions import Permission
from apps.identity.services.issue_organization_key import DEFAULT_ROLE, ROLES
from apps.kernel.errors import Invalid

if TYPE_CHECKING:
    _RowForm = forms.ModelForm[Any]
else:
    _RowForm = forms.ModelForm

LIFETIME_DAYS_MAX = 3650


class HandleForm(_RowForm):
    """A form whose ``handle`` follows the rule of handles."""

    def clean_handle(self) -> str:
        """Return the handle."""
        try:
            return check_handle(self.cleaned_data["handle"])
        except Invalid as error:
            raise forms.ValidationError(error.message) from error


class RoleForm(_RowForm):
    """A role of one project, its permissions chosen from the catalogue."""

    permissions = forms.MultipleChoiceField(
        choices=[(p.value, p.value) for p in Permission],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = Role
        fields = ["project", "name", "description", "permissions"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "project" in self.fields:
            self.fields["project"].required = True


class RoleAssignmentForm(_RowForm):
    """Who holds which role; a role stays inside its project."""

    class Meta:
        model = RoleAssignment
        fields = ["principal", "role"]

    def clean(self) -> dict[str, Any]:
        """Refuse the role of another project."""
        cleaned: dict[str, Any] = super().clean() or {}
        role, principal = cleaned.get("role"), cleaned.get("principal")
        if principal and principal.organization_id is not None:
            self.add_error("principal", "Keys of an organization have a role each.")
            return cleaned
        if role and principal and role.project_id not in (None, principal.project_id):
            self.add_error("role", "This role belongs to another project.")
        return cleaned


class IssueKeyForm(BaseDialogForm):  # type: ignore[misc]
    """What a new key is called and how long it works."""

    name = forms.CharField(max_length=128, widget=UnfoldAdminTextInputWidget)
    expires_in_days = forms.IntegerField(
        min_value=1,
        max_value=LIFETIME_DAYS_MAX,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Leave it empty for a key that does not expire.",
    )


class IssueOrganizationKeyForm(IssueKeyForm):
    """A key for every project of an organization."""

    role = forms.ChoiceField(
        choices=[(name, name) for name in ROLES],
        initial=DEFAULT_ROLE,
        widget=UnfoldAdminSelectWidget,
        help_text="What the key may do in each project.",
    )
