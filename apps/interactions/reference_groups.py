"""What the reference says of groups."""

from typing import Final

from apps.api.reference import (
    Operation,
    Part,
    conflict,
    invalid,
    missing,
    nothing,
    paged,
    place,
    shown,
)
from apps.api.schemas import (
    Schema,
    body,
    id_example,
    identifier,
    instant,
    record,
    text,
    whole,
)
from apps.interactions.group_requests import DESCRIPTION_CHARS_MAX, NAME_CHARS_MAX
from apps.interactions.group_views import (
    GroupMemberViewSet,
    GroupViewSet,
    MemberGroupViewSet,
)
from apps.interactions.models import RoutingPolicy
from apps.kernel.ids import ID_LENGTH_MAX, IdKind

_PERSON: Final = id_example(IdKind.PRINCIPAL)
GROUPS: Final[dict[str, Schema]] = {
    "Group": record(
        "People who are asked together.",
        {
            "id": identifier(IdKind.GROUP),
            "project_id": identifier(IdKind.PROJECT),
            "handle": text("", "leads"),
            "name": text("", "Leads"),
            "routing_policy": text("", choices=RoutingPolicy.values),
            "created_at": instant(),
            "updated_at": instant(),
        },
        {
            "description": text("", "Who decides about releases"),
            "member_count": whole("", 3),
        },
    ),
    "GroupMember": record(
        "",
        {
            "id": identifier(IdKind.GROUP_MEMBER),
            "group_id": identifier(IdKind.GROUP),
            "user_id": identifier(IdKind.PRINCIPAL),
            "name": text("", "Ada"),
            "kind": text("", "human"),
            "added_at": instant(),
        },
        {"added_by": text("", _PERSON)},
    ),
}
GROUP_FIELDS: Final[dict[str, Schema]] = {
    "name": text("", "Leads", minLength=1, maxLength=NAME_CHARS_MAX),
    "description": text("", maxLength=DESCRIPTION_CHARS_MAX),
    "routing_policy": text(
        "The first member who answers decides, or all have to.",
        choices=RoutingPolicy.values,
    ),
}

PART: Final = Part(
    title="Groups",
    about="People who are asked together.",
    operations={
        (GroupViewSet, "list"): Operation(
            id="listGroups", summary="List groups", answers=paged("Group")
        ),
        (GroupViewSet, "create"): Operation(
            id="createGroup",
            summary="Form a group",
            body=body(
                "",
                {"name": GROUP_FIELDS["name"]},
                {
                    **GROUP_FIELDS,
                    "handle": text(
                        "Made of the name if absent.",
                        "leads",
                        minLength=1,
                        maxLength=128,
                    ),
                },
            ),
            once=True,
            answers=shown("Group", "The group.", 201),
            refusals=(conflict("The handle is taken."),),
        ),
        (GroupViewSet, "retrieve"): Operation(
            id="getGroup", summary="Get a group", answers=shown("Group", "The group.")
        ),
        (GroupViewSet, "partial_update"): Operation(
            id="updateGroup",
            summary="Change a group",
            body=body(
                "What is absent stays; the handle always does.",
                optional=GROUP_FIELDS,
                example={"routing_policy": "all_members"},
            ),
            answers=shown("Group", "The changed group."),
        ),
        (GroupViewSet, "destroy"): Operation(
            id="deleteGroup",
            summary="Dissolve a group",
            answers=nothing("It is gone; its members stay."),
            refusals=(invalid("A question waits for it.", "group_in_use"),),
        ),
        (GroupMemberViewSet, "list"): Operation(
            id="listGroupMembers",
            summary="List members of a group",
            answers=paged("GroupMember", "A page, who came last first."),
        ),
        (GroupMemberViewSet, "create"): Operation(
            id="addGroupMember",
            summary="Add a member to a group",
            body=body(
                "",
                {"user_id": text("", _PERSON, minLength=1, maxLength=ID_LENGTH_MAX)},
            ),
            answers=shown("GroupMember", "The membership.", 201),
            refusals=(
                conflict("They belong to it already."),
                missing("There is no such project, group or principal."),
            ),
        ),
        (GroupMemberViewSet, "destroy"): Operation(
            id="removeGroupMember",
            summary="Remove a member from a group",
            answers=nothing("They are not asked any more."),
        ),
        (MemberGroupViewSet, "list"): Operation(
            id="listMemberGroups",
            summary="List groups of a member",
            answers=paged("Group", "All, by handle; with `limit` a page."),
        ),
    },
    schemas=GROUPS,
    places={"group": place("The id or the handle of a group.", "leads")},
)
