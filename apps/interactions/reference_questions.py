"""What a question may say, of whom it asks, and how it is answered: in requests and in
steps alike."""

from typing import Final

from apps.api.schemas import (
    Schema,
    anything,
    body,
    either,
    flag,
    id_example,
    listing,
    mapping,
    ref,
    text,
    whole,
)
from apps.engine.limits import (
    ADDRESS_CHARS_MAX,
    ADDRESSES_MAX,
    CHANNELS_MAX,
    ESCALATIONS_MAX,
    OPTIONS_MAX,
    REMINDERS_MAX,
    REVIEWERS_MAX,
    TARGETS_MAX,
    TEXT_CHARS_MAX,
)
from apps.interactions.question import TARGET_ID_MAX
from apps.kernel.ids import IdKind

_PERSON: Final = id_example(IdKind.PRINCIPAL)
_SPAN: Final = text("A duration.", "24h")
_MANY: Final[Schema] = listing(
    either(text("", _PERSON), ref("Target"), example=_PERSON),
    "Users by their ids, or objects.",
    minItems=1,
    maxItems=TARGETS_MAX,
)

#: What every question may say besides what it asks of whom.
RULES: Final[dict[str, Schema]] = {
    "description": text("More than the message.", maxLength=TEXT_CHARS_MAX),
    "context": mapping("What one has to know to answer.", {"version": "4.2"}),
    "spec": ref("AnswerSpec"),
    "resolution_policy": ref("ResolutionPolicy"),
    "exclude_initiator": flag("Who started the run cannot answer."),
    "allow_delegation": flag("Who is asked may pass the question on."),
    "reminders": ref("Reminders"),
    "escalation": ref("Escalation"),
    "review": ref("ReviewRule"),
    "delivery": ref("DeliveryRule"),
}


def _policy(**more: Schema) -> Schema:
    return either(
        text("", "any_of", choices=("any_of", "all_of")),
        body(
            "",
            {"type": text("", "quorum", choices=("any_of", "all_of", "quorum"))},
            {"threshold": whole("Of a quorum.", 2, minimum=1), **more},
        ),
        about="How many answers decide: any one, all, or so many.",
        example={"type": "quorum", "threshold": 2},
    )


SCHEMAS: Final[dict[str, Schema]] = {
    "Reminders": listing(
        _SPAN,
        "Durations from the asking, each longer than the one before.",
        maxItems=REMINDERS_MAX,
    ),
    "Escalation": listing(
        body(
            "Whom to ask as well when nobody decided in time.",
            {"after": _SPAN},
            {"target": ref("Target"), "targets": _MANY},
            example={"after": "12h", "target": {"type": "group", "id": "leads"}},
        ),
        maxItems=ESCALATIONS_MAX,
    ),
    "ReviewRule": body(
        "Answers count once a reviewer accepts them.",
        optional={
            "reviewers": listing(
                text("", _PERSON),
                "Who may; anybody who may manage interactions if empty.",
                maxItems=REVIEWERS_MAX,
            )
        },
    ),
    "DeliveryRule": body(
        "Where else to ask.",
        {
            "channels": listing(
                body(
                    "",
                    {"kind": text("", "email", choices=("inbox_only", "email"))},
                    {
                        "email": body(
                            "",
                            optional={
                                "to": listing(
                                    text(
                                        "",
                                        "ada@example.com",
                                        maxLength=ADDRESS_CHARS_MAX,
                                    ),
                                    "Instead of the addresses of those asked.",
                                    minItems=1,
                                    maxItems=ADDRESSES_MAX,
                                )
                            },
                        )
                    },
                ),
                minItems=1,
                maxItems=CHANNELS_MAX,
            )
        },
    ),
    "Target": body(
        "One who is asked.",
        {
            "type": text("", "user", choices=("user", "member", "agent", "group")),
            "id": text(
                "A principal; of a group also its handle.",
                _PERSON,
                minLength=1,
                maxLength=TARGET_ID_MAX,
            ),
        },
    ),
    "AskedTarget": body(
        "The only one who is asked.",
        {
            "type": text("", "user", choices=("user", "member", "agent", "group")),
            "id": text("", _PERSON, minLength=1),
        },
        {"require_all": flag("Every member of the group has to answer.", False)},
    ),
    "AnswerSpec": body(
        "How it is answered. An approval takes confirm or form, a review select or"
        " form,"
        " input one of input, select, multi_select and form; in the newer words some"
        " more.",
        {
            "mode": text(
                "",
                "confirm",
                choices=("confirm", "select", "multi_select", "input", "form"),
            )
        },
        {
            "options": listing(
                body(
                    "",
                    {"value": text("", "green"), "label": text("", "Green")},
                    {"description": text("", "As in spring")},
                ),
                "Of select and multi_select.",
                maxItems=OPTIONS_MAX,
            ),
            "schema": anything("Of form: a JSON Schema.", {"type": "object"}),
            "placeholder": text("", "Your reasons", maxLength=TEXT_CHARS_MAX),
            "multiline": flag(),
            "default_value": text("", "green", maxLength=TEXT_CHARS_MAX),
            "default_values": listing(text("", "green"), maxItems=OPTIONS_MAX),
            "default_text": text("", "None", maxLength=TEXT_CHARS_MAX),
            "default_confirmed": flag(),
        },
    ),
    "ResolutionPolicy": _policy(),
    "AskedPolicy": _policy(
        review=anything(
            "In the newer words: answers are reviewed.",
            {"reviewer_user_ids": [_PERSON]},
        )
    ),
}
