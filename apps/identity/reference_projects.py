"""What the reference says of projects."""

from typing import Final

from apps.api.reference import (
    Operation,
    Part,
    Refusal,
    conflict,
    missing,
    nothing,
    paged,
    place,
    shown,
)
from apps.api.schemas import (
    Schema,
    body,
    flag,
    identifier,
    instant,
    nullable,
    record,
    ref,
    tag_filter,
    text,
    whole,
)
from apps.identity.handles import HANDLE_LENGTH_MAX, HANDLE_PATTERN
from apps.identity.models import KEEP_DAYS_MAX
from apps.identity.project_requests import (
    ACCESS_MODE,
    DESCRIPTION_CHARS_MAX,
    NAME_CHARS_MAX,
)
from apps.identity.project_selectors import STATUSES
from apps.identity.project_views import (
    CapabilityViewSet,
    ProjectDetailViewSet,
    ProjectListViewSet,
)
from apps.identity.reference_words import PRINCIPAL, PROJECT, TAGS, WHO, name
from apps.identity.retention import FIELDS
from apps.identity.retention_views import RetentionViewSet
from apps.kernel.ids import IdKind

_NAME: Final = name("Need not be unique.", "Documents", NAME_CHARS_MAX)
_DESCRIPTION: Final = text(
    "", "Everything about documents", maxLength=DESCRIPTION_CHARS_MAX
)
_ACCESS_MODE: Final = text(
    "Roles decide who comes in, project by project.", choices=(ACCESS_MODE,)
)
_PROJECT: Final[dict[str, Schema]] = {
    "id": PROJECT,
    "name": text("", "Documents"),
    "handle": text("What paths call it; never changes.", "documents"),
    "access_mode": _ACCESS_MODE,
    "tags": TAGS,
    "created_at": instant(),
    "updated_at": instant(),
}
_TOLD: Final[dict[str, Schema]] = {
    "description": text("", "Everything about documents"),
    "archived_at": instant("Since when nothing begins in it."),
    "created_by": WHO,
}
_DAYS: Final[dict[str, Schema]] = {
    field: whole(about, 30, minimum=1, maximum=KEEP_DAYS_MAX)
    for field, about in zip(
        FIELDS,
        (
            "Finished runs, with all that is theirs.",
            "Their timelines; never longer than the run.",
            "Public source events.",
        ),
        strict=True,
    )
}

_SCHEMAS: Final = {
    "Project": record("", _PROJECT, _TOLD),
    "FoundedProject": record(
        "A new project and its first principal.",
        {
            **_PROJECT,
            "principal_id": {**PRINCIPAL, "description": "A service, its Admin."},
        },
        {
            **_TOLD,
            "key_id": identifier(IdKind.API_KEY, "Of the key, if one was asked for."),
            "key": text(
                "Its secret, this once: a repetition answers without it.", "mbx_5oeC…"
            ),
        },
    ),
    "NewProject": body(
        "",
        {"name": _NAME},
        {
            "handle": text(
                "Made of the name if absent; unique on the server.",
                "documents",
                pattern=f"^{HANDLE_PATTERN}$",
                minLength=1,
                maxLength=HANDLE_LENGTH_MAX,
            ),
            "description": _DESCRIPTION,
            "tags": TAGS,
            "key_name": name(
                "Asks for a first key of this name: keys of other projects open"
                " nothing in it.",
                "first",
                NAME_CHARS_MAX,
            ),
            "access_mode": _ACCESS_MODE,
        },
        example={"name": "Documents", "key_name": "first"},
    ),
    "ProjectChanges": body(
        "What is absent stays.",
        optional={
            "name": _NAME,
            "description": _DESCRIPTION,
            "tags": TAGS,
            "access_mode": _ACCESS_MODE,
        },
        example={"description": "Everything about documents"},
    ),
    "Capabilities": record(
        "Which pages to show to the caller.",
        {
            "can_manage_project": flag("May change the project."),
            "can_manage_access": flag("May give and take roles, keys, memberships."),
        },
    ),
    "Retention": record(
        "Days. Null where the project leaves it to the server.",
        {
            **{field: nullable(schema) for field, schema in _DAYS.items()},
            "in_force": record("What counts.", _DAYS),
        },
    ),
    "RetentionChanges": body(
        "What is absent stays; null leaves it to the server.",
        optional={field: nullable(schema) for field, schema in _DAYS.items()},
        example={"keep_runs_days": 30},
    ),
}
_NOT_IN_REACH: Final = missing("There is no such project, or it is not in reach.")
_V: Final = ProjectDetailViewSet


def _act(id: str, summary: str, about: str, *refusals: Refusal) -> Operation:
    return Operation(
        id=id,
        summary=summary,
        answers=shown("Project", about),
        refusals=(_NOT_IN_REACH, *refusals),
    )


PART: Final = Part(
    title="Projects",
    about="Everything lives in a project. A key lives in one and sees no other, except"
    " that whoever manages the projects of the organization sees which there are. A key"
    " of the organization lives in all of its projects.",
    operations={
        (ProjectListViewSet, "list"): Operation(
            id="listProjects",
            summary="List projects",
            query={
                "status": {
                    **text("", "all", choices=STATUSES),
                    "default": STATUSES[0],
                },
                "search": text("In name, handle and description.", "docu"),
                "tag": tag_filter(),
            },
            answers=paged(
                "Project",
                "A page, newest first: the project of the key, or all of the"
                " organization for who manages them and for the organization's keys.",
            ),
        ),
        (ProjectListViewSet, "create"): Operation(
            id="createProject",
            summary="Create a project",
            body=ref("NewProject"),
            once=True,
            answers=shown("FoundedProject", "The project, with an Admin in it.", 201),
            refusals=(conflict("The handle is taken."),),
        ),
        (_V, "retrieve"): _act(
            "getProject", "Get a project", "The project, an archived one too."
        ),
        (_V, "partial_update"): Operation(
            id="updateProject",
            summary="Change a project",
            body=ref("ProjectChanges"),
            answers=shown("Project", "The changed project."),
            refusals=(
                _NOT_IN_REACH,
                conflict("It is archived; restore it first.", "project_archived"),
            ),
        ),
        (_V, "destroy"): Operation(
            id="deleteProject",
            summary="Archive a project, as deleting it",
            answers=nothing("It is archived, now or earlier; nothing is lost."),
            refusals=(_NOT_IN_REACH,),
        ),
        (_V, "archive"): _act(
            "archiveProject",
            "Archive a project",
            "Nothing begins in it any more; runs under way go on to their end.",
        ),
        (_V, "restore"): _act(
            "restoreProject",
            "Take a project out of the archive",
            "It is as before; what its triggers missed is not caught up on.",
        ),
        (CapabilityViewSet, "retrieve"): Operation(
            id="getCapabilities",
            summary="Get what the caller can manage in a project",
            answers=shown("Capabilities", "For the key of the request."),
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
    schemas=_SCHEMAS,
    places={"project": place("The handle or the id of a project.", "default")},
)
