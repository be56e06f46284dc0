"""What the reference says of members."""

from typing import Final

from apps.api.reference import (
    Answer,
    Operation,
    Part,
    conflict,
    nothing,
    paged,
    place,
    shown,
)
from apps.api.schemas import body, id_example, instant, listing, record, ref, text
from apps.identity.member_requests import ROLE_NAMES_DEFAULT
from apps.identity.member_views import MemberViewSet
from apps.identity.reference_words import (
    EMAIL,
    LAST_MANAGER,
    NOT_HELD,
    PRINCIPAL,
    PROJECT,
    ROLE_IDS,
    name,
    named,
    one_of,
    role_ids,
    role_names,
)
from apps.kernel.ids import IdKind

_SCHEMAS: Final = {
    "Member": record(
        "A person.",
        {
            "id": PRINCIPAL,
            "user_id": {**PRINCIPAL, "description": "The id once more."},
            "project_id": PROJECT,
            "name": text("", "Ada"),
            "kind": text("", choices=("human",)),
            "roles": listing(text("", "Operator"), "The names of its roles."),
            "role_ids": ROLE_IDS,
            "created_at": instant(),
            "added_at": instant("The same."),
        },
        {
            "email": EMAIL,
            "username": text("The account that signs in at the inbox.", "ada"),
        },
    ),
    "NewMember": body(
        "Exactly one of `user_id`, somebody who is or was here, and `name`.",
        optional={
            "user_id": named(IdKind.PRINCIPAL),
            "name": name("Unique in the project.", "Ada"),
            "email": {**EMAIL, "description": "Goes with `name`."},
            "role_names": role_names(
                f"`{ROLE_NAMES_DEFAULT[0]}` if no roles are named."
            ),
            "role_ids": role_ids("Roles by id; both together count."),
            "username": name("An account that can sign in.", "ada", 150),
        },
        example={"name": "Ada", "email": "ada@example.com"},
        **one_of("user_id", "name"),
    ),
    "MemberChanges": body(
        "All roles that the member is to have, by id, by name or both; `[]` takes all.",
        optional={
            "role_names": role_names(""),
            "role_ids": role_ids(""),
        },
        example={"role_names": ["Operator"]},
        minProperties=1,
    ),
}

PART: Final = Part(
    title="Members",
    about="The people of a project.",
    operations={
        (MemberViewSet, "list"): Operation(
            id="listMembers", summary="List members", answers=paged("Member")
        ),
        (MemberViewSet, "create"): Operation(
            id="addMember",
            summary="Add a member",
            body=ref("NewMember"),
            once=True,
            answers={
                201: Answer("Who became a member.", ref("Member")),
                200: Answer("Who is one already, unchanged.", ref("Member")),
            },
            refusals=(
                conflict("The name or the account belongs to somebody else."),
                NOT_HELD,
            ),
        ),
        (MemberViewSet, "retrieve"): Operation(
            id="getMember",
            summary="Get a member",
            answers=shown("Member", "The member."),
        ),
        (MemberViewSet, "partial_update"): Operation(
            id="updateMember",
            summary="Give a member other roles",
            body=ref("MemberChanges"),
            answers=shown("Member", "The member with these roles and no others."),
            refusals=(LAST_MANAGER, NOT_HELD),
        ),
        (MemberViewSet, "destroy"): Operation(
            id="removeMember",
            summary="Remove a member",
            answers=nothing("Disabled, without roles; keys stop at once."),
            refusals=(LAST_MANAGER,),
        ),
    },
    schemas=_SCHEMAS,
    places={"user_id": place("The id of a member.", id_example(IdKind.PRINCIPAL))},
)
