"""What questions, answers and groups look like in requests and answers."""

from typing import Final

from apps.api.schemas import (
    Schema,
    anything,
    body,
    either,
    flag,
    id_example,
    identifier,
    instant,
    listing,
    mapping,
    nullable,
    number,
    record,
    ref,
    text,
    whole,
)
from apps.interactions.group_requests import DESCRIPTION_CHARS_MAX, NAME_CHARS_MAX
from apps.interactions.models import InteractionStatus, RoutingPolicy
from apps.interactions.models.people import Channel, ParticipantRole, ParticipantState
from apps.interactions.question import KINDS
from apps.interactions.reference_questions import RULES
from apps.interactions.requests import (
    COMMENT_CHARS_MAX,
    SIGNAL_CHARS_MAX,
    TAGS_MAX,
)
from apps.kernel.ids import ID_LENGTH_MAX, IdKind

_PERSON: Final = id_example(IdKind.PRINCIPAL)
_TARGET: Final = record(
    "One who is asked.",
    {"type": text("", "user"), "id": text("", _PERSON)},
)
_POLICY: Final = text("", "any_of", choices=("any_of", "all_of", "quorum"))
_COMMENT: Final = text("", "Looks good.")
_VALUE: Final = anything("What was answered; its form follows `spec`.", True)
_ROUND: Final = whole("Of the review, from 1.")
_FREE: Final[dict[str, Schema]] = {
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
    **_FREE,
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

_RUN_SIGNAL: Final = body(
    "",
    {
        "run_id": text("", id_example(IdKind.RUN), minLength=1),
        "signal_name": text("", "approved", minLength=1, maxLength=SIGNAL_CHARS_MAX),
    },
)
_SUBSCRIBER: Final = body(
    "",
    {
        "callback_url": text("", "https://example.com/hook", minLength=1),
        "secret_ref": text("The secret that signs.", "callbacks", minLength=1),
    },
)
ASKED: Final[dict[str, Schema]] = {
    **RULES,
    **_FREE,
    "type": text("", "approval", choices=("approval", "review", "input")),
    "message": text("What is asked.", "Release?", maxLength=10_000),
    "kind": text("In the newer words, `type`.", choices=tuple(KINDS.values())),
    "title": text("In the newer words, `message`.", "Release?", minLength=1,
                  maxLength=COMMENT_CHARS_MAX),
    "target": ref("Target"),
    "target_actor": ref("Target"),
    "targets": listing(
        either(text("", _PERSON), ref("Target"), example=_PERSON),
        "Several who are asked.",
        minItems=1,
        maxItems=100,
    ),
    "target_user_ids": listing(
        text("", _PERSON), "Users who are asked.", minItems=1, maxItems=100
    ),
    "require_all": flag("Instead of a policy: all have to answer.", False),
    "expires_at": instant("Give this or `timeout`."),
    "timeout": text("A duration from now.", "24h", maxLength=64),
    "tags": mapping("", {"team": "web"}, values=text("", "web"),
                    maxProperties=TAGS_MAX),
    "run_id": text("The run that waits for the answer; goes with `signal_name`.",
                   id_example(IdKind.RUN), minLength=1, maxLength=ID_LENGTH_MAX),
    "signal_name": text("The signal that the answer is.", "approved", minLength=1,
                        maxLength=SIGNAL_CHARS_MAX),
    "consumer": body(
        "Who hears of the outcome.",
        {"kind": text("", choices=("none", "run", "http_subscriber"))},
        {"run": _RUN_SIGNAL, "http_subscriber": _SUBSCRIBER},
        example={"kind": "none"},
    ),
}
FROM_JOB: Final[dict[str, Schema]] = {
    "step_name": text("The job's own if absent.", "ok", minLength=1,
                      maxLength=SIGNAL_CHARS_MAX),
    "worker_id": text("The fence: with it only the holder may ask.", "worker-1",
                      minLength=1, maxLength=255),
    "attempt": whole("The other half of the fence.", minimum=1),
}

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
