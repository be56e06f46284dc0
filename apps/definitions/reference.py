"""What the reference says of automations and loops."""

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
from apps.api.schemas import page_of, ref, text
from apps.definitions.automation_views import (
    AutomationVersionViewSet,
    AutomationViewSet,
)
from apps.definitions.loop_views import LoopViewSet
from apps.definitions.reference_schemas import SCHEMAS
from apps.definitions.selectors import STATUSES
from apps.workflows.models import Dialect
from apps.workflows.reference import SPEC_REFUSAL

_TAKEN: Final = conflict("A name, the handle or the handle of a trigger is taken.")
_TRIGGERS: Final = denied("A triggers block asks for `mobius.trigger.manage` as well.")
_UNPUBLISHED: Final = conflict("Nothing of it is published.", "not_published")
_WRONG_STATUS: Final = conflict(
    "A published definition is paused, not turned back into a draft."
)

_AUTOMATIONS: Final = Part(
    title="Automations",
    about="Definitions of steps in a row. What was published last runs.",
    operations={
        (AutomationViewSet, "list"): Operation(
            id="listAutomations",
            summary="List automations",
            query={
                "status": text(
                    "Without it, all but archived ones.",
                    "active",
                    choices=STATUSES[Dialect.AUTOMATION],
                ),
                "agent_id": text("", "harry"),
            },
            answers=paged("Automation"),
        ),
        (AutomationViewSet, "create"): Operation(
            id="createAutomation",
            summary="Create an automation",
            body=ref("NewAutomation"),
            once=True,
            answers=shown("Automation", "The draft.", 201),
            refusals=(_TAKEN,),
        ),
        (AutomationViewSet, "retrieve"): Operation(
            id="getAutomation",
            summary="Get an automation",
            answers=shown("Automation", "The automation, archived or not."),
        ),
        (AutomationViewSet, "partial_update"): Operation(
            id="updateAutomation",
            summary="Change an automation",
            body=ref("AutomationChanges"),
            answers=shown("Automation", "The changed automation."),
            refusals=(_TAKEN, _WRONG_STATUS, _UNPUBLISHED),
        ),
        (AutomationViewSet, "destroy"): Operation(
            id="archiveAutomation",
            summary="Archive an automation",
            answers=nothing("Its runs stay, new ones do not start."),
        ),
        (AutomationVersionViewSet, "list"): Operation(
            id="listAutomationVersions",
            summary="List versions of an automation",
            about="Without `limit` the newest 200, and nothing beside `items`.",
            answers={
                200: Answer(
                    "A page, newest first.",
                    {
                        **page_of("AutomationVersion"),
                        "required": ["items"],
                    },
                )
            },
        ),
        (AutomationVersionViewSet, "create"): Operation(
            id="createAutomationVersion",
            summary="Write a version of an automation",
            body=ref("NewAutomationVersion"),
            once=True,
            answers=shown("AutomationVersion", "The draft.", 201),
            refusals=(
                SPEC_REFUSAL,
                _TRIGGERS,
                conflict("It is archived: set its status first.", "archived"),
                _TAKEN,
            ),
        ),
        (AutomationVersionViewSet, "retrieve"): Operation(
            id="getAutomationVersion",
            summary="Get a version of an automation",
            answers=shown("AutomationVersion", "The version with its spec."),
        ),
        (AutomationVersionViewSet, "publish"): Operation(
            id="publishAutomationVersion",
            summary="Publish a version of an automation",
            about="Its triggers take the place of those of the version before.",
            once=True,
            answers=shown("Automation", "Published, now or earlier."),
            refusals=(
                _TAKEN,
                _TRIGGERS,
                conflict("It is archived: set its status first.", "archived"),
            ),
        ),
    },
    schemas=SCHEMAS,
    places={"automation": place("The handle or the id.", "nightly")},
)

_LOOPS: Final = Part(
    title="Loops",
    about="Definitions that hold their steps inline. What was written last runs.",
    operations={
        (LoopViewSet, "list"): Operation(
            id="listLoops",
            summary="List loops",
            query={
                "status": text("", "active", choices=STATUSES[Dialect.LOOP]),
                "agent_id": text("", "harry"),
            },
            answers=paged("Loop"),
        ),
        (LoopViewSet, "create"): Operation(
            id="createLoop",
            summary="Create a loop",
            body=ref("NewLoop"),
            once=True,
            answers=shown("Loop", "Active if it has steps, else a draft.", 201),
            refusals=(_TAKEN, SPEC_REFUSAL, _TRIGGERS),
        ),
        (LoopViewSet, "retrieve"): Operation(
            id="getLoop", summary="Get a loop", answers=shown("Loop", "The loop.")
        ),
        (LoopViewSet, "partial_update"): Operation(
            id="updateLoop",
            summary="Change a loop",
            body=ref("LoopChanges"),
            answers=shown("Loop", "What runs next is what was authored last."),
            refusals=(
                _TAKEN,
                SPEC_REFUSAL,
                _TRIGGERS,
                _WRONG_STATUS,
                _UNPUBLISHED,
                invalid("Authoring fields need steps."),
            ),
        ),
        (LoopViewSet, "destroy"): Operation(
            id="deleteLoop",
            summary="Delete a loop",
            answers=nothing("Its name is free again, its runs stay."),
        ),
    },
    places={"loop": place("The id or the handle.", "large-payments")},
)

PARTS: Final = (_AUTOMATIONS, _LOOPS)
