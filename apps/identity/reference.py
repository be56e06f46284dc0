"""What the reference says of projects, principals, keys, roles and members."""

from typing import Final

from apps.api.reference import (
    Answer,
    Operation,
    Part,
    conflict,
    denied,
    invalid,
    nothing,
    paged,
    place,
    shown,
)
from apps.api.schemas import flag, id_example, ref, text
from apps.identity.member_views import MemberViewSet
from apps.identity.models import PrincipalKind
from apps.identity.reference_schemas import ACCESS, MEMBERS, PROJECTS
from apps.identity.retention_views import RetentionViewSet
from apps.identity.views import (
    ApiKeyViewSet,
    PrincipalViewSet,
    ProjectDetailViewSet,
    ProjectListViewSet,
    RoleAssignmentViewSet,
    RoleViewSet,
)
from apps.kernel.ids import IdKind

_MORE_THAN_ONE_HAS: Final = denied(
    "Nobody passes on a permission that they do not hold; details name it."
)

_PROJECTS: Final = Part(
    title="Projects",
    about="Everything lives in a project. A key lives in one, and sees no other.",
    operations={
        (ProjectListViewSet, "list"): Operation(
            id="listProjects",
            summary="List projects",
            answers=paged("Project", "A page with the one project of the key."),
        ),
        (ProjectDetailViewSet, "retrieve"): Operation(
            id="getProject",
            summary="Get a project",
            answers=shown("Project", "The project."),
        ),
        (RetentionViewSet, "retrieve"): Operation(
            id="getRetention",
            summary="Get how long a project keeps what is over",
            answers=shown("Retention", "What it says, and what is in force."),
        ),
        (RetentionViewSet, "partial_update"): Operation(
            id="updateRetention",
            summary="Change how long a project keeps what is over",
            body=ref("RetentionChanges"),
            answers=shown("Retention", "The changed settings."),
        ),
    },
    schemas=PROJECTS,
    places={"project": place("The handle or the id of a project.", "default")},
)

_KEYS: Final = Part(
    title="API keys",
    about="A key is bound to a principal, whose roles say what it may.",
    operations={
        (ApiKeyViewSet, "list"): Operation(
            id="listApiKeys",
            summary="List API keys",
            query={"include_revoked": flag("Revoked ones as well.")},
            answers=paged("ApiKey"),
        ),
        (ApiKeyViewSet, "create"): Operation(
            id="createApiKey",
            summary="Issue an API key",
            body=ref("NewApiKey"),
            answers=shown("IssuedApiKey", "The key, with its secret: this once.", 201),
            refusals=(
                conflict("A live key has this name, or the principal is disabled."),
                _MORE_THAN_ONE_HAS,
            ),
        ),
        (ApiKeyViewSet, "retrieve"): Operation(
            id="getApiKey",
            summary="Get an API key",
            answers=shown("ApiKey", "The key, a revoked one too."),
        ),
        (ApiKeyViewSet, "destroy"): Operation(
            id="revokeApiKey",
            summary="Revoke an API key",
            answers=nothing(
                "It is revoked, now or earlier; nothing takes it any more."
            ),
        ),
    },
    places={"key_id": place("The id of a key.", id_example(IdKind.API_KEY))},
)

_PRINCIPALS: Final = Part(
    title="Principals and roles",
    about="Who can act in a project (people, services, agents), and what they may.",
    operations={
        (PrincipalViewSet, "list"): Operation(
            id="listPrincipals",
            summary="List principals",
            query={
                "kind": text("Only these.", "agent", choices=PrincipalKind.values),
                "include_disabled": flag("Disabled ones as well."),
            },
            answers=paged("Principal"),
        ),
        (PrincipalViewSet, "create"): Operation(
            id="createPrincipal",
            summary="Create a principal",
            body=ref("NewPrincipal"),
            answers=shown("Principal", "The principal with its roles.", 201),
            refusals=(
                conflict("A principal of this name exists already."),
                _MORE_THAN_ONE_HAS,
            ),
        ),
        (PrincipalViewSet, "retrieve"): Operation(
            id="getPrincipal",
            summary="Get a principal",
            answers=shown("Principal", "The principal."),
        ),
        (RoleViewSet, "list"): Operation(
            id="listRoles",
            summary="List roles",
            answers=paged("Role", "The roles that can be assigned here."),
        ),
        (RoleAssignmentViewSet, "list"): Operation(
            id="listRoleAssignments",
            summary="List who holds which role",
            query={
                "principal_id": text("", id_example(IdKind.PRINCIPAL)),
                "role_id": text("", id_example(IdKind.ROLE)),
            },
            answers=paged("RoleAssignment"),
        ),
        (RoleAssignmentViewSet, "create"): Operation(
            id="assignRole",
            summary="Give a principal a role",
            body=ref("NewRoleAssignment"),
            answers=shown("RoleAssignment", "It holds the role.", 201),
            refusals=(conflict("It holds the role already."), _MORE_THAN_ONE_HAS),
        ),
        (RoleAssignmentViewSet, "destroy"): Operation(
            id="unassignRole",
            summary="Take a role away",
            answers=nothing("It is gone."),
        ),
    },
    schemas=ACCESS,
    places={
        "principal_id": place("The id of a principal.", id_example(IdKind.PRINCIPAL)),
        "assignment_id": place(
            "The id of an assignment.", id_example(IdKind.ROLE_ASSIGNMENT)
        ),
    },
)

_MEMBERS: Final = Part(
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
            answers={
                201: Answer("Who became a member.", ref("Member")),
                200: Answer("Who is one already, unchanged.", ref("Member")),
            },
            refusals=(
                conflict("The name or the account belongs to somebody else."),
                _MORE_THAN_ONE_HAS,
            ),
        ),
        (MemberViewSet, "retrieve"): Operation(
            id="getMember",
            summary="Get a member",
            answers=shown("Member", "The member."),
        ),
        (MemberViewSet, "destroy"): Operation(
            id="removeMember",
            summary="Remove a member",
            answers=nothing("Disabled, without roles; keys stop at once."),
            refusals=(
                invalid("The last who can manage access.", "last_access_manager"),
            ),
        ),
    },
    schemas=MEMBERS,
    places={"user_id": place("The id of a member.", id_example(IdKind.PRINCIPAL))},
)

PARTS: Final = (_PROJECTS, _KEYS, _PRINCIPALS, _MEMBERS)
