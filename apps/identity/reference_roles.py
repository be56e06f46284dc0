"""What the reference says of roles, who holds them, and what they can allow."""

from typing import Final

from apps.api.reference import (
    Operation,
    Part,
    conflict,
    denied,
    nothing,
    paged,
    place,
    shown,
)
from apps.api.schemas import (
    NEXT_CURSOR,
    body,
    flag,
    id_example,
    identifier,
    instant,
    listing,
    mapping,
    record,
    ref,
    tag_filter,
    text,
)
from apps.identity.models import PrincipalKind
from apps.identity.permissions import CATALOGUE, Permission
from apps.identity.reference_words import (
    LAST_MANAGER,
    NOT_HELD,
    PRINCIPAL,
    PROJECT,
    TAGS,
    WHO,
    name,
    named,
    one_of,
)
from apps.identity.role_requests import DESCRIPTION_CHARS_MAX, NAME_CHARS_MAX
from apps.identity.role_views import (
    PermissionViewSet,
    RoleAssignmentViewSet,
    RoleViewSet,
)
from apps.kernel.ids import IdKind

_PERMISSION: Final = text("", Permission.RUN_VIEW, choices=tuple(Permission))
_PERMISSIONS: Final = listing(_PERMISSION)
_WANTED: Final = listing(_PERMISSION, "Ids of the catalogue.", maxItems=len(Permission))
_DESCRIPTION: Final = text("", "Answers questions", maxLength=DESCRIPTION_CHARS_MAX)
_SCOPE: Final = text(
    "`org`: it reaches other projects of the organization.",
    "project",
    choices=("project", "org"),
)
_BUILT_IN: Final = denied("It is built in and never changes.")

_CATALOGUE: Final = {
    "Permission": record(
        "What a role can allow.",
        {
            "id": _PERMISSION,
            "label": text("", "View runs"),
            "description": text("", "Read runs, their inputs and results"),
            "scope": _SCOPE,
            "category": text(
                "",
                "runs",
                choices=sorted({meaning.category for meaning in CATALOGUE.values()}),
            ),
            "risk": text(
                "What it can do in wrong hands.",
                choices=("low", "medium", "high", "critical"),
            ),
            "assignable": flag("A role can have it: always true."),
            "user_kinds": listing(
                text("", choices=PrincipalKind.values), "Who can hold it: everybody."
            ),
        },
    ),
    "PermissionPreset": record(
        "A built-in role.",
        {
            "id": text("", "viewer"),
            "label": text("", "Viewer"),
            "description": text("", "Read everything, change nothing"),
            "scope": _SCOPE,
            "permissions": _PERMISSIONS,
        },
    ),
    "PermissionCatalogue": record(
        "All permissions there are, the same for every project.",
        {
            "items": listing(ref("Permission")),
            "has_more": flag("More follow, with `limit`.", False),
            "permissions": listing(ref("Permission"), "The items once more."),
            "presets": listing(ref("PermissionPreset")),
            "action_groups": {
                **listing(
                    mapping(), "Always empty: actions have no permissions.", maxItems=0
                ),
                "examples": [[]],
            },
        },
        {NEXT_CURSOR: text("Absent on the last page; opaque.", "WzEwXQ")},
    ),
}
_SCHEMAS: Final = {
    **_CATALOGUE,
    "Role": record(
        "A set of permissions.",
        {
            "id": identifier(IdKind.ROLE),
            "name": text("", "Answerer"),
            "description": text("Empty if there is none.", "Answers questions"),
            "permissions": _PERMISSIONS,
            "system_defined": flag("Built in: never changes.", False),
            "tags": TAGS,
            "created_at": instant(),
            "updated_at": instant(),
        },
        {"project_id": {**PROJECT, "description": "Absent if it is built in."}},
    ),
    "NewRole": body(
        "",
        {
            "name": name(
                "Unique in the project, and not that of a built-in role.",
                "Answerer",
                NAME_CHARS_MAX,
            ),
            "permissions": _WANTED,
        },
        {"description": _DESCRIPTION, "tags": TAGS},
    ),
    "RoleChanges": body(
        "What is absent stays; permissions are replaced as a whole.",
        optional={
            "description": _DESCRIPTION,
            "permissions": _WANTED,
            "tags": TAGS,
        },
        example={"permissions": [Permission.RUN_VIEW.value]},
    ),
    "RoleAssignment": record(
        "Who holds which role.",
        {
            "id": identifier(IdKind.ROLE_ASSIGNMENT),
            "project_id": PROJECT,
            "principal_id": PRINCIPAL,
            "user_id": {
                **PRINCIPAL,
                "description": "The principal once more, in older words.",
            },
            "role_id": identifier(IdKind.ROLE),
            "role_name": text("", "Operator"),
            "created_at": instant(),
        },
        {"granted_by": WHO},
    ),
    "NewRoleAssignment": body(
        "Exactly one of `principal_id` and `user_id`, and one of `role_id` and"
        " `role_name`.",
        optional={
            "principal_id": named(IdKind.PRINCIPAL),
            "user_id": named(
                IdKind.PRINCIPAL, "The same as `principal_id`, in older words."
            ),
            "role_id": named(IdKind.ROLE),
            "role_name": name(
                "A role of the project's own before a built-in one.",
                "Operator",
                NAME_CHARS_MAX,
            ),
        },
        example={
            "principal_id": id_example(IdKind.PRINCIPAL),
            "role_name": "Operator",
        },
        allOf=[one_of("principal_id", "user_id"), one_of("role_id", "role_name")],
    ),
}

PART: Final = Part(
    title="Principals and roles",
    about="",
    operations={
        (PermissionViewSet, "list"): Operation(
            id="listPermissions",
            summary="List permissions",
            answers=shown("PermissionCatalogue", "The whole catalogue."),
        ),
        (RoleViewSet, "list"): Operation(
            id="listRoles",
            summary="List roles",
            query={"tag": tag_filter()},
            answers=paged(
                "Role", "A page, newest first: built-in roles and the project's own."
            ),
        ),
        (RoleViewSet, "create"): Operation(
            id="createRole",
            summary="Create a role",
            body=ref("NewRole"),
            once=True,
            answers=shown("Role", "A role of the project's own.", 201),
            refusals=(
                conflict("The name is taken, here or by a built-in role."),
                NOT_HELD,
            ),
        ),
        (RoleViewSet, "retrieve"): Operation(
            id="getRole", summary="Get a role", answers=shown("Role", "The role.")
        ),
        (RoleViewSet, "partial_update"): Operation(
            id="updateRole",
            summary="Change a role",
            body=ref("RoleChanges"),
            answers=shown("Role", "It counts from the next request of who holds it."),
            refusals=(_BUILT_IN, NOT_HELD, LAST_MANAGER),
        ),
        (RoleViewSet, "destroy"): Operation(
            id="deleteRole",
            summary="Delete a role",
            answers=nothing("It is gone, and taken from all who held it."),
            refusals=(
                _BUILT_IN,
                conflict(
                    "It caps live keys; revoke them first. `details.key_ids` are the"
                    " first 20.",
                    "role_in_use",
                ),
                LAST_MANAGER,
            ),
        ),
        (RoleAssignmentViewSet, "list"): Operation(
            id="listRoleAssignments",
            summary="List who holds which role",
            query={
                "principal_id": text("", id_example(IdKind.PRINCIPAL)),
                "user_id": text(
                    "The same, in older words.", id_example(IdKind.PRINCIPAL)
                ),
                "role_id": text("", id_example(IdKind.ROLE)),
            },
            answers=paged("RoleAssignment"),
        ),
        (RoleAssignmentViewSet, "create"): Operation(
            id="assignRole",
            summary="Give a principal a role",
            body=ref("NewRoleAssignment"),
            once=True,
            answers=shown("RoleAssignment", "It holds the role.", 201),
            refusals=(
                conflict("It holds the role already, or is deleted."),
                NOT_HELD,
            ),
        ),
        (RoleAssignmentViewSet, "retrieve"): Operation(
            id="getRoleAssignment",
            summary="Get who holds which role",
            answers=shown("RoleAssignment", "The assignment."),
        ),
        (RoleAssignmentViewSet, "destroy"): Operation(
            id="unassignRole",
            summary="Take a role away",
            answers=nothing("It is gone."),
            refusals=(LAST_MANAGER,),
        ),
    },
    schemas=_SCHEMAS,
    places={
        "role_id": place("The id of a role.", id_example(IdKind.ROLE)),
        "assignment_id": place(
            "The id of an assignment.", id_example(IdKind.ROLE_ASSIGNMENT)
        ),
    },
)
