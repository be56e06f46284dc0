"""What the reference says of questions to people and of groups."""

from typing import Final

from apps.api.reference import (
    Answer,
    Operation,
    Part,
    Refusal,
    conflict,
    denied,
    invalid,
    nothing,
    place,
    shown,
)
from apps.api.schemas import (
    Schema,
    anything,
    body,
    either,
    flag,
    id_example,
    instant,
    record,
    ref,
    text,
)
from apps.interactions.models import InteractionStatus
from apps.interactions.question import KINDS
from apps.interactions.reference_asking import ASKED, FROM_JOB
from apps.interactions.reference_groups import PART as GROUPS_PART
from apps.interactions.reference_questions import SCHEMAS as QUESTIONS
from apps.interactions.reference_schemas import (
    INTERACTION,
    NEWER_INTERACTION,
)
from apps.interactions.requests import COMMENT_CHARS_MAX
from apps.interactions.services.review import ACTIONS
from apps.interactions.views import InteractionViewSet
from apps.kernel.ids import IdKind

_PERSON: Final = id_example(IdKind.PRINCIPAL)
_QUESTION_EXAMPLE: Final = {
    "type": "approval",
    "message": "Release 4.2 to production?",
    "target": {"type": "user", "id": _PERSON},
    "timeout": "24h",
    "spec": {"mode": "confirm"},
}
_OVER: Final = conflict("It is not pending any more, or not in review.")
_CLAIMED: Final = conflict("Somebody else has claimed it.", "claimed")
_NOT_ASKED: Final = denied("It asks somebody else, or the caller lacks a permission.")
_BARRED: Final = denied("Who started the run cannot decide this.", "initiator_barred")
_ANSWERED: Final = conflict("They have answered this round.", "already_answered")
ASKING_REFUSALS: Final = (
    conflict("The run is over, or the job is not claimed."),
    conflict("The fence does not hold.", "lease_lost"),
)
INTERACTION_FILTERS: Final[dict[str, Schema]] = {
    "run_id": text("", id_example(IdKind.RUN)),
    "status": text("", "pending", choices=InteractionStatus.values),
    "type": text("", "approval", choices=tuple(KINDS)),
    "kind": text("In the newer words.", choices=tuple(KINDS.values())),
    "target_actor_type": text("", choices=("member", "user", "agent", "group")),
    "target_actor_id": text("An id, or the handle of a group.", _PERSON),
    "target_user_id": text("Who is asked, through groups too.", _PERSON),
    "inbox": flag("Only what asks the caller."),
    "tag": text("`key` or `key:value`; several with commas, all of them.", "team:web"),
}


def _comment(about: str = "") -> Schema:
    return text(about, "Looks good.", maxLength=COMMENT_CHARS_MAX)


def _for_another(about: str) -> Schema:
    return text(about, _PERSON, minLength=1, maxLength=128)


def _act(
    id: str,
    summary: str,
    about: str,
    sent: Schema,
    *refusals: Refusal,
    once: bool = False,
) -> Operation:
    return Operation(
        id=id,
        summary=summary,
        body=sent,
        needs_body="required" in sent,
        once=once,
        answers=shown("Interaction", about),
        refusals=(_OVER, _NOT_ASKED, *refusals),
    )


_BODIES: Final[dict[str, Schema]] = {
    "respond": body(
        "",
        optional={
            "value": anything("What `spec` asks for.", True),
            "comment": _comment(),
            "on_behalf_of": _for_another("Whom the answer is of."),
            "action": text("", choices=("submit",)),
        },
        example={"value": True, "comment": "Looks good."},
    ),
    "claim": body(
        "", optional={"on_behalf_of": _for_another("Who takes it on.")}, example={}
    ),
    "release": body("", example={}),
    "delegate": body(
        "",
        {"to": text("Who is asked instead.", _PERSON, minLength=1, maxLength=128)},
        {"comment": _comment(), "on_behalf_of": _for_another("Whose turn goes over.")},
    ),
    "review": body(
        "",
        {"action": text("", ACTIONS[0], choices=ACTIONS)},
        {"comment": _comment("What to change.")},
    ),
    "cancel": body("", optional={"reason": _comment()}, example={}),
}

_V: Final = InteractionViewSet
_PEOPLE: Final = Part(
    title="Interactions",
    about="Questions to people, which runs may wait for. Who is asked may act, whatever"
    " else they may do.",
    operations={
        (_V, "retrieve"): Operation(
            id="getInteraction",
            summary="Get a question",
            answers=shown("Interaction", "In the words in which it was asked."),
        ),
        (_V, "destroy"): Operation(
            id="deleteInteraction",
            summary="Put a question away",
            answers=nothing("It is not shown any more."),
        ),
        (_V, "respond"): _act(
            "respondToInteraction",
            "Answer a question",
            "The question after the answer; the run that waits goes on.",
            _BODIES["respond"],
            _CLAIMED,
            _BARRED,
            _ANSWERED,
            once=True,
        ),
        (_V, "claim"): _act(
            "claimInteraction",
            "Take a group's question on",
            "It is the caller's to answer.",
            _BODIES["claim"],
            _CLAIMED,
            _BARRED,
            _ANSWERED,
        ),
        (_V, "release"): _act(
            "releaseInteraction",
            "Give a claimed question back",
            "Everybody who is asked may answer again.",
            _BODIES["release"],
        ),
        (_V, "delegate"): _act(
            "delegateInteraction",
            "Pass a question on",
            "It asks `to` now.",
            _BODIES["delegate"],
            _CLAIMED,
            _BARRED,
            _ANSWERED,
            invalid("It was asked without that.", "delegation_not_allowed"),
        ),
        (_V, "review"): _act(
            "reviewInteraction",
            "Review the answers",
            "Completed, or open for another round.",
            _BODIES["review"],
            _BARRED,
            denied("Nobody reviews their own answer.", "own_answer"),
            once=True,
        ),
        (_V, "cancel"): _act(
            "cancelInteraction",
            "Withdraw a question",
            "The cancelled question.",
            _BODIES["cancel"],
        ),
        (_V, "link"): Operation(
            id="createInteractionLink",
            summary="Make a link that answers",
            body=body(
                "", {"user_id": text("As whom.", _PERSON, minLength=1, maxLength=128)}
            ),
            answers={
                201: Answer(
                    "Whoever has it answers as this person, this question alone.",
                    record(
                        "",
                        {
                            "url": text("", "http://127.0.0.1:8000/inbox/link/abc"),
                            "user_id": text("", _PERSON),
                            "expires_at": instant(),
                        },
                    ),
                )
            },
            refusals=(_OVER, _NOT_ASKED, _BARRED, _ANSWERED),
        ),
    },
    schemas={
        **QUESTIONS,
        "Interaction": either(ref("WorkflowInteraction"), ref("NewerInteraction")),
        "WorkflowInteraction": INTERACTION,
        "NewerInteraction": NEWER_INTERACTION,
        "NewInteraction": body(
            "Exactly one field names who is asked. `kind`, `title` and"
            " `target_user_ids` are the newer words; such questions are shown in them.",
            optional=ASKED,
            example=_QUESTION_EXAMPLE,
        ),
        "NewJobInteraction": body(
            "A question from a job: its answer is a signal to the job's run.",
            optional={**ASKED, **FROM_JOB},
            example=_QUESTION_EXAMPLE,
        ),
    },
    places={
        "interaction_id": place("The id of a question.", id_example(IdKind.INTERACTION))
    },
)

PARTS: Final = (_PEOPLE, GROUPS_PART)
