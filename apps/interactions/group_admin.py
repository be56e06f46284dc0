"""Admin pages of groups and of who belongs to them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from apps.identity.handles import check_handle, derive_handle
from apps.identity.selectors import find_principal
from apps.interactions.group_requests import NAME_CHARS_MAX
from apps.interactions.group_selectors import list_group_members
from apps.interactions.models import Group, GroupMember, RoutingPolicy
from apps.interactions.services.groups.add_member import add_group_member
from apps.interactions.services.groups.create_group import NewGroup, create_group
from apps.interactions.services.groups.delete_group import delete_group
from apps.interactions.services.groups.remove_member import remove_group_member
from apps.interactions.services.groups.update_group import GroupChanges, update_group
from apps.kernel import clock
from apps.kernel.admin import (
    ReadOnlyAdmin,
    badge,
    button,
    link,
    link_list,
    list_address,
    related,
)
from apps.kernel.admin_sections import Section, instant
from apps.kernel.errors import Invalid
from apps.kernel.ids import IdKind

if TYPE_CHECKING:
    _RowForm = forms.ModelForm[Group]
else:
    _RowForm = forms.ModelForm

MEMBERS_MAX = 100
_PRINCIPAL_PREFIX = f"{IdKind.PRINCIPAL.value}_"


class NewGroupForm(_RowForm):
    """A group to create; an empty handle is made from the name."""

    handle = forms.CharField(
        max_length=NAME_CHARS_MAX,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Made from the name when it is empty. It never changes.",
    )

    class Meta:
        model = Group
        fields = ["project", "name", "handle", "description", "routing_policy"]

    def clean(self) -> dict[str, Any]:
        """Settle the handle, so that its being taken is told beside the field."""
        cleaned: dict[str, Any] = super().clean() or {}
        try:
            handle = cleaned.get("handle")
            cleaned["handle"] = (
                check_handle(handle)
                if handle
                else derive_handle(cleaned.get("name", ""))
            )
        except Invalid as error:
            self.add_error("handle", error.message)
        return cleaned


class ChangeGroupForm(BaseDialogForm):  # type: ignore[misc]
    """What to change of a group; what is left empty stays."""

    name = forms.CharField(
        max_length=NAME_CHARS_MAX, required=False, widget=UnfoldAdminTextInputWidget
    )
    description = forms.CharField(required=False, widget=UnfoldAdminTextareaWidget)
    routing_policy = forms.ChoiceField(
        choices=[("", "as it is"), *RoutingPolicy.choices],
        required=False,
        widget=UnfoldAdminSelectWidget,
    )


class MemberForm(BaseDialogForm):  # type: ignore[misc]
    """Who is meant."""

    member = forms.CharField(
        max_length=NAME_CHARS_MAX,
        widget=UnfoldAdminTextInputWidget,
        help_text="The name or the id of a person or an agent of the project.",
    )


@admin.register(Group)
class GroupAdmin(ReadOnlyAdmin):
    """Groups with their members; changes are buttons, for those in use stay."""

    form = NewGroupForm
    fields = [
        ("id", "project"),
        ("name", "handle"),
        ("routing_policy",),
        ("description",),
        ("created_at", "updated_at"),
    ]
    add_fields = ["project", "name", "handle", "description", "routing_policy"]
    list_display = ["name", "handle", "policy", "place", "members", "updated_at"]
    list_filter = ["routing_policy", "project"]
    list_select_related = ["project"]
    autocomplete_fields = ["project"]
    search_fields = ["id", "name", "handle", "description"]
    actions_detail = ["change_group", "add_member", "remove_member", "delete_group"]

    policy = badge(
        "routing_policy", {"first_responder": "info", "all_members": "warning"}
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A group may be created here."""
        return request.user.has_perm("interactions.add_group")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[Any]:
        """Ask for less than is shown."""
        return self.fields if obj else self.add_fields

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        """Create the group."""
        new = NewGroup(obj.name, obj.handle, obj.description, obj.routing_policy)
        made = create_group(obj.project_id, new, now=clock.now())
        obj.pk, obj.created_at, obj.updated_at = (
            made.pk,
            made.created_at,
            made.updated_at,
        )

    def sections(self, request: HttpRequest, row: Group) -> Sequence[Section]:
        """Show who belongs to it."""
        found = list_group_members(row).order_by("principal__name")[:MEMBERS_MAX]
        return [
            Section(
                "Members",
                headers=["Name", "Kind", "E-mail", "Since"],
                rows=[
                    (
                        link(
                            "identity",
                            "principal",
                            member.principal_id,
                            member.principal.name,
                        ),
                        member.principal.kind,
                        member.principal.email,
                        instant(member.added_at),
                    )
                    for member in found
                ],
                more=list_address(
                    "interactions", "groupmember", group__id__exact=row.id
                ),
            )
        ]

    @related("project", order_by="project__handle")
    def place(self, group: Group) -> str:
        """Link to the project."""
        return link("identity", "project", group.project_id, group.project)

    @related("members")
    def members(self, group: Group) -> str:
        """Link to who belongs to it."""
        return link_list(
            "interactions", "groupmember", "members", group__id__exact=group.id
        )

    @button(
        "Change",
        question="What is left empty stays. Questions already asked stay as they are.",
        form=ChangeGroupForm,
        icon="edit",
    )
    def change_group(
        self, request: HttpRequest, object_id: str, filled: dict[str, Any]
    ) -> str:
        """Change name, description or policy."""
        group = Group.objects.get(pk=object_id)
        policy = filled["routing_policy"]
        changes = GroupChanges(
            name=filled["name"] or None,
            description=filled["description"] or None,
            routing_policy=RoutingPolicy(policy) if policy else None,
        )
        changed = update_group(group.project_id, group.pk, changes, now=clock.now())
        return f"The group is {changed.name}, {changed.get_routing_policy_display()}."

    @button(
        "Add member",
        question="Whom shall questions to this group ask from now on?",
        form=MemberForm,
        icon="person_add",
    )
    def add_member(
        self, request: HttpRequest, object_id: str, filled: dict[str, Any]
    ) -> str:
        """Let somebody belong to the group."""
        group = Group.objects.get(pk=object_id)
        member = _named(group, filled["member"])
        add_group_member(group.project_id, group.pk, member, now=clock.now())
        return "The member is added."

    @button(
        "Remove member",
        question="Who shall not be asked any more? Open questions go on asking them.",
        form=MemberForm,
        icon="person_remove",
    )
    def remove_member(
        self, request: HttpRequest, object_id: str, filled: dict[str, Any]
    ) -> str:
        """Take somebody out of the group."""
        group = Group.objects.get(pk=object_id)
        member = _named(group, filled["member"])
        remove_group_member(group.project_id, group.pk, member)
        return "The member is removed."

    @button(
        "Delete",
        question="Delete this group for good? Steps that name it will ask nobody.",
        icon="delete",
        danger=True,
    )
    def delete_group(self, request: HttpRequest, object_id: str) -> str:
        """Delete the group, unless a question waits for it."""
        group = Group.objects.get(pk=object_id)
        delete_group(group.project_id, group.pk, now=clock.now())
        return f"The group {group.name} is deleted."


@admin.register(GroupMember)
class GroupMemberAdmin(ReadOnlyAdmin):
    """Who belongs to which group; the page of the group changes it."""

    fields = [("id", "group_name"), ("who", "added_by"), ("added_at",)]
    list_display = ["id", "who", "group_name", "added_at"]
    list_filter = ["group__project", "added_at"]
    search_fields = [
        *("id", "principal__id", "principal__name"),
        *("group__id", "group__name", "group__handle"),
    ]
    readonly_fields = ["group_name", "who"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[GroupMember]:
        """Fetch both ends with the rows."""
        rows: QuerySet[GroupMember] = super().get_queryset(request)
        return rows.select_related("group", "principal")

    @related("group", order_by="group__name")
    def group_name(self, member: GroupMember) -> str:
        """Link to the group."""
        return link("interactions", "group", member.group_id, member.group)

    @related("member", order_by="principal__name")
    def who(self, member: GroupMember) -> str:
        """Link to the principal."""
        return link("identity", "principal", member.principal_id, member.principal)


def _named(group: Group, name_or_id: str) -> str:
    """Return the id of who is meant, given as id or name."""
    if name_or_id.startswith(_PRINCIPAL_PREFIX):
        return name_or_id
    return find_principal(group.project_id, name=name_or_id).pk
