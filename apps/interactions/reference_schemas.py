"""What questions, answers and groups look like in requests and answers."""

from typing import Final

from apps.api.schemas import (
    Schema,
    anything,
    flag,
    id_example,
    identifier,
    instant,
    listing,
    mapping,
    nullable,
    number,
    record,
    text,
    whole,
)
from apps.interactions.models import InteractionStatus, RoutingPolicy
from apps.interactions.models.people import Channel, ParticipantRole, ParticipantState
from apps.interactions.question import KINDS
from apps.kernel.ids import IdKind

_PERSON: Final = id_example(IdKind.PRINCIPAL)
_TARGET: Final = record(
    "One who is asked.",
    {"type": text("", "user"), "id": text("", _PERSON)},
)
_POLICY: Final = text("", "any_of", choices=("any_of", "all_of", "quorum"))
_COMMENT: Final = text("", "Looks good.")
_VALUE: Final = anything("What was answered; its form follows `spec`.", True)
_ROUND: Final = whole("Of the review, from 1.")
FREE: Final[dict[str, Schema]] = {
    "subject": mapping("What the question is about.", {"type": "document"}),
    "properties": mapping("Facts for programs.", {"priority": 1}),
    "references": listing(
        mapping("", {"url": "https://example.com/doc.pdf"}), maxItems=50
    ),
}
_SHARED_ALWAYS: Final[dict[str, Schema]] = {
    "id": identifier(IdKind.INTERACTION),
    "status": text("", "pending", choices=InteractionStatus.values),
    "spec": mapping("How it is answered.", {"mode": "confirm"}),
    "require_all": flag("Everybody who is asked has to answer.", False),
    "resolution_policy": record(
        "How many answers decide.",
        {"type": _POLICY},
        {
            "threshold": whole("Of a quorum.", 2),
            "review": mapping("Who reviews.", {"reviewer_user_ids": [_PERSON]}),
        },
    ),
    "created_at": instant(),
    "updated_at": instant(),
}
_SHARED: Final[dict[str, Schema]] = {
    "run_id": identifier(IdKind.RUN, "The run that waits for it."),
    "signal_name": text("The signal that its answer is.", "approved"),
    "created_by": text("The principal that asked.", _PERSON),
    "description": text("", "Release notes are attached"),
    "context": mapping("What one has to know to answer.", {"version": "4.2"}),
    "tags": mapping("", {"team": "web"}, values=text("", "web")),
    "consumer": mapping("Who hears of the outcome.", {"kind": "none"}),
    "delivery": mapping("", {"channels": [{"kind": "email"}]}),
    "resolved_by": text("What decided.", "quorum"),
    "resolving_response_id": identifier(IdKind.INTERACTION_RESPONSE),
    "cancel_reason": text("", "Not needed any more"),
    "expires_at": instant("Then nobody can answer any more."),
    "completed_at": instant(),
    **FREE,
}

INTERACTION: Final = record(
    "A question, in the words of workflows.",
    {
        **_SHARED_ALWAYS,
        "type": text("", "approval", choices=tuple(KINDS)),
        "message": text("What is asked.", "Release 4.2 to production?"),
        "target": _TARGET,
        "target_actor": _TARGET,
    },
    {
        **_SHARED,
        "step_name": text("", "ok"),
        "job_id": identifier(IdKind.JOB),
        "targets": listing(_TARGET, "If there are several."),
        "target_group_id": text("", id_example(IdKind.GROUP)),
        "target_member_snapshot": listing(text("", _PERSON), "Who was asked first."),
        "routing_policy_snapshot": text("", choices=RoutingPolicy.values),
        "claimed_by": text("Who answers for the group.", _PERSON),
        "claimed_at": instant(),
        "participants": listing(
            record(
                "",
                {
                    "user_id": text("", _PERSON),
                    "role": text("", choices=ParticipantRole.values),
                    "state": text("", choices=ParticipantState.values),
                    "via": text("How it came to be asked.", "target"),
                },
            )
        ),
        "partial_responses": listing(
            record(
                "An answer of this round.",
                {"user_id": text("", _PERSON), "responded_at": instant()},
                {"value": _VALUE, "comment": _COMMENT},
            )
        ),
        "responder_actor": _TARGET,
        "response": record(
            "The outcome.", {"value": _VALUE, "at": instant()}, {"comment": _COMMENT}
        ),
        "exclude_initiator": flag("Who started it cannot answer."),
        "allow_delegation": flag(),
        "reminders": listing(number("Seconds from the asking.", 3600)),
        "escalation": listing(
            record(
                "",
                {"after": number("Seconds.", 7200), "targets": listing(_TARGET)},
            )
        ),
        "review": mapping("Who reviews.", {"reviewer_user_ids": [_PERSON]}),
        "responses": listing(
            record(
                "One answer.",
                {
                    "id": identifier(IdKind.INTERACTION_RESPONSE),
                    "user_id": text("", _PERSON),
                    "round": _ROUND,
                    "channel": text("", "api", choices=Channel.values),
                    "responded_at": instant(),
                },
                {
                    "given_by": text("Who answered for them.", _PERSON),
                    "value": _VALUE,
                    "comment": _COMMENT,
                },
            )
        ),
    },
)

_REVIEWER: Final = record("", {"user_id": text("", _PERSON)})
NEWER_INTERACTION: Final = record(
    "A question, in the words of automations and loops.",
    {
        **_SHARED_ALWAYS,
        "kind": text("", "request_approval", choices=tuple(KINDS.values())),
        "title": text("What is asked.", "Release 4.2 to production?"),
        "target_user_ids": listing(text("", _PERSON)),
        "responses": listing(
            record(
                "One answer.",
                {
                    "id": identifier(IdKind.INTERACTION_RESPONSE),
                    "interaction_id": identifier(IdKind.INTERACTION),
                    "response_kind": text("", choices=("response",)),
                    "state": text("", choices=("submitted",)),
                    "responder_user_id": text("", _PERSON),
                    "value": _VALUE,
                    "responded_at": instant(),
                    "attempt": _ROUND,
                    "created_at": instant(),
                    "updated_at": instant(),
                },
                {"comment": _COMMENT},
            )
        ),
        "lifecycle": listing(
            record(
                "What happened to it.",
                {
                    "at": instant(),
                    "status": text("", "pending", choices=InteractionStatus.values),
                    "action": text("", "created"),
                    "actor_id": nullable(text("", _PERSON)),
                    "comment": nullable(_COMMENT),
                    "round": _ROUND,
                },
            )
        ),
    },
    {
        **_SHARED,
        "responder": _REVIEWER,
        "outcome": _VALUE,
        "review_round": _ROUND,
        "submitted_at": instant(),
        "review_feedback": text("", "Please name the ticket"),
        "reviewer": _REVIEWER,
    },
)
