"""What the reference says of actions, the catalogue, direct calls and their log."""

from typing import Final

from apps.actions.invoking import invoke
from apps.actions.reference_schemas import SCHEMAS, STATUS
from apps.actions.views import ActionViewSet, InvocationViewSet
from apps.api.reference import (
    Answer,
    Held,
    Operation,
    Part,
    conflict,
    nothing,
    paged,
    place,
    shown,
)
from apps.api.schemas import id_example, ref, text
from apps.identity.permissions import Permission
from apps.kernel.ids import IdKind

_CALL: Final = Operation(
    id="invokeAction",
    summary="Call an action",
    about="Waits for the result for as long as a held request may; after that the log"
    " has it, under the id in `X-Mobius-Invocation-Id`.",
    body=ref("ActionCall"),
    needs_body=False,
    once=True,
    answers={
        200: Answer("It is over, well or not.", ref("ActionResult")),
        202: Answer("It is under way.", ref("ActionResult")),
    },
    refusals=(
        conflict("Disabled, or no live worker serves it.", "action_not_ready"),
        conflict("The project is archived.", "project_archived"),
    ),
    aliases=("createActionInvocation",),
)

PART: Final = Part(
    title="Actions",
    about="What steps and callers can have done: by the platform, by endpoints of"
    " yours, by workers. Calls of endpoints are signed as webhooks are.",
    held={invoke: Held(Permission.ACTION_INVOKE, _CALL)},
    operations={
        (ActionViewSet, "list"): Operation(
            id="listActions",
            summary="List what can be called",
            answers=paged("CatalogEntry", "A page, by name."),
            aliases=("listActionCatalog", "listCatalogActions"),
        ),
        (ActionViewSet, "create"): Operation(
            id="createAction",
            summary="Register an action",
            body=ref("NewAction"),
            answers=shown("MadeAction", "The action, with its key: this once.", 201),
            refusals=(conflict("The name is taken, or there are too many."),),
        ),
        (ActionViewSet, "retrieve"): Operation(
            id="getAction",
            summary="Get an action",
            answers=shown("CatalogEntry", "As the catalogue shows it."),
            aliases=("getActionCatalogEntry", "getCatalogAction"),
        ),
        (ActionViewSet, "partial_update"): Operation(
            id="updateAction",
            summary="Change an action",
            body=ref("ActionChanges"),
            answers=shown("Action", "The changed action."),
        ),
        (ActionViewSet, "destroy"): Operation(
            id="deleteAction",
            summary="Delete an action",
            answers=nothing("The log of its calls stays; steps that name it fail."),
        ),
        (ActionViewSet, "rotate"): Operation(
            id="rotateActionSecret",
            summary="Make a new key for an action",
            answers=shown("ActionKey", "Calls are signed with it from now on."),
            refusals=(conflict("Workers serve it: nothing is signed."),),
        ),
        (InvocationViewSet, "list"): Operation(
            id="listInvocations",
            summary="List calls",
            query={
                "action_name": text("", "charge-card"),
                "action_id": text("", id_example(IdKind.ACTION)),
                "run_id": text("", id_example(IdKind.RUN)),
                "job_id": text("", id_example(IdKind.JOB)),
                "status": STATUS,
            },
            answers=paged("ActionInvocation"),
            aliases=("listActionInvocations",),
        ),
        (InvocationViewSet, "retrieve"): Operation(
            id="getInvocation",
            summary="Get a call",
            answers=shown("ActionInvocation", "The call."),
            aliases=("getActionInvocation",),
        ),
    },
    schemas=SCHEMAS,
    places={
        "name": place("The name of an action.", "charge-card"),
        "invocation_id": place("The id of a call.", id_example(IdKind.INVOCATION)),
    },
)
