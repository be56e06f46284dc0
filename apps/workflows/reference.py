"""What the reference says of workflows."""

from typing import Final

from apps.api.reference import (
    Operation,
    Part,
    conflict,
    invalid,
    nothing,
    paged,
    place,
    shown,
)
from apps.api.schemas import (
    Schema,
    body,
    flag,
    id_example,
    identifier,
    instant,
    mapping,
    record,
    ref,
    text,
    whole,
)
from apps.api.tags import TAG_KEY_CHARS_MAX, TAG_VALUE_CHARS_MAX, TAGS_MAX
from apps.kernel.ids import IdKind
from apps.workflows.reference_steps import SPEC
from apps.workflows.requests import (
    DESCRIPTION_CHARS_MAX,
    NAME_CHARS_MAX,
)
from apps.workflows.views import WorkflowVersionViewSet, WorkflowViewSet

_NAME: Final = text(
    "Unique in the project.", "Ingest document", minLength=1, maxLength=NAME_CHARS_MAX
)
_HANDLE: Final = text(
    "Made of the name if absent; never changes.",
    "ingest-document",
    minLength=1,
    maxLength=NAME_CHARS_MAX,
)
_DESCRIPTION: Final = text(
    "", "Parses and indexes one document", maxLength=DESCRIPTION_CHARS_MAX
)
_BY: Final = text("The principal.", id_example(IdKind.PRINCIPAL))
_SPEC: Final = mapping("As it was sent.", SPEC["WorkflowSpec"]["examples"][0])
_WORKFLOW: Final = {
    "id": identifier(IdKind.WORKFLOW),
    "name": text("", "Ingest document"),
    "handle": text("", "ingest-document"),
    "latest_version": whole("What the next run executes."),
    "published_as_tool": flag("", False),
    "tags": ref("Tags"),
    "created_by": _BY,
    "created_at": instant(),
    "updated_at": instant(),
}
_TOLD: Final[dict[str, Schema]] = {"description": _DESCRIPTION}
_VERSION: Final = {
    "id": identifier(IdKind.WORKFLOW_VERSION),
    "version": whole("From 1."),
    "created_by": _BY,
    "created_at": instant(),
}
_TOOL: Final = flag("Agents may call it.", False)

SPEC_REFUSAL: Final = invalid(
    "The spec cannot run; `details.fields` lists every problem with its path.",
    "invalid_spec",
)

_SCHEMAS: Final[dict[str, Schema]] = {
    **SPEC,
    "Tags": {
        **mapping(
            "Keys that begin with `mobius:` belong to the system.",
            {"team": "web"},
            values=text("", "web", maxLength=TAG_VALUE_CHARS_MAX),
            maxProperties=TAGS_MAX,
        ),
        "propertyNames": {"minLength": 1, "maxLength": TAG_KEY_CHARS_MAX},
    },
    "Workflow": record("An authored definition.", _WORKFLOW, _TOLD),
    "WorkflowDetail": record(
        "A definition with its latest spec.", {**_WORKFLOW, "spec": _SPEC}, _TOLD
    ),
    "WorkflowVersion": record("An immutable revision.", {**_VERSION, "spec": _SPEC}),
    "WorkflowVersionItem": record("An immutable revision.", _VERSION, {"spec": _SPEC}),
    "NewWorkflow": body(
        "",
        {"name": _NAME, "spec": ref("WorkflowSpec")},
        {
            "handle": _HANDLE,
            "description": _DESCRIPTION,
            "published_as_tool": _TOOL,
            "tags": ref("Tags"),
        },
    ),
    "WorkflowChanges": body(
        "What is absent stays. A changed spec is a new version.",
        optional={
            "name": _NAME,
            "description": _DESCRIPTION,
            "published_as_tool": _TOOL,
            "tags": ref("Tags"),
            "spec": ref("WorkflowSpec"),
            "expected_version": whole(
                "Change only if this is the latest version.", minimum=0
            ),
        },
        example={"description": "Parses and indexes one document"},
    ),
}

_TAKEN: Final = conflict(
    "The name or the handle is taken: choose another, or change the one there is."
)

PART: Final = Part(
    title="Workflows",
    about="Definitions and their immutable versions. The latest version runs.",
    operations={
        (WorkflowViewSet, "list"): Operation(
            id="listWorkflows",
            summary="List workflows",
            answers=paged("Workflow", "A page, newest first, without specs."),
        ),
        (WorkflowViewSet, "create"): Operation(
            id="createWorkflow",
            summary="Create a workflow",
            body=ref("NewWorkflow"),
            once=True,
            answers=shown("WorkflowDetail", "The workflow with its spec.", 201),
            refusals=(_TAKEN, SPEC_REFUSAL),
        ),
        (WorkflowViewSet, "retrieve"): Operation(
            id="getWorkflow",
            summary="Get a workflow",
            answers=shown("WorkflowDetail", "The workflow with its latest spec."),
        ),
        (WorkflowViewSet, "partial_update"): Operation(
            id="updateWorkflow",
            summary="Change a workflow",
            body=ref("WorkflowChanges"),
            answers=shown(
                "WorkflowDetail", "`latest_version` is one more if the spec changed."
            ),
            refusals=(
                _TAKEN,
                conflict("`expected_version` is not the latest."),
                SPEC_REFUSAL,
            ),
        ),
        (WorkflowViewSet, "destroy"): Operation(
            id="deleteWorkflow",
            summary="Delete a workflow",
            answers=nothing("It and its versions are gone, runs in flight go on."),
        ),
        (WorkflowVersionViewSet, "list"): Operation(
            id="listWorkflowVersions",
            summary="List versions of a workflow",
            about="Without `limit` a page is as long as can be.",
            query={"include_spec": flag("With their specs.")},
            answers=paged("WorkflowVersionItem"),
        ),
        (WorkflowVersionViewSet, "retrieve"): Operation(
            id="getWorkflowVersion",
            summary="Get a version of a workflow",
            answers=shown("WorkflowVersion", "The version with its spec."),
        ),
    },
    schemas=_SCHEMAS,
    places={"workflow": place("The id or the handle.", "ingest-document")},
)
