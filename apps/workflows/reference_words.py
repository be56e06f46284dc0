"""What steps of graphs and of rows have in common."""

from collections.abc import Mapping
from typing import Final

from apps.api.schemas import (
    Schema,
    flag,
    mapping,
    ref,
    text,
)
from apps.engine.limits import (
    FIELDS_DECLARED_MAX,
    MATCHES_MAX,
    NAME_CHARS_MAX,
    TEXT_CHARS_MAX,
)


def name(about: str = "", example: str = "parse") -> Schema:
    """Return a text short enough to be a name."""
    return text(about, example, maxLength=NAME_CHARS_MAX)


def duration(about: str = "", example: str = "30s") -> Schema:
    """Return a span of time."""
    return text(f"{about} A duration.".strip(), example, maxLength=TEXT_CHARS_MAX)


def condition(about: str, example: str) -> Schema:
    """Return an expression that holds or does not."""
    return text(about, example, maxLength=TEXT_CHARS_MAX)


LONG: Final = text("", "Reads a document", maxLength=TEXT_CHARS_MAX)
EVENT_WAIT: Final[Mapping[str, Schema]] = {
    "source_id": name("Only of this source.", "${inputs.order}"),
    "match": mapping(
        "Paths below `event` and `meta`, and what has to stand there.",
        {"event.order": "${inputs.order}"},
        maxProperties=MATCHES_MAX,
    ),
    "condition": condition("Over `event`, `meta` and the run.", "event.amount > 100"),
    "payload_mapping": mapping(
        "What the step puts out instead of the event: expressions.",
        {"amount": "event.amount"},
        values=text("", "event.amount"),
        maxProperties=FIELDS_DECLARED_MAX,
    ),
    "lookback": duration("How far back an event may have come.", "5m"),
}
EVENT_TYPE: Final = name(
    "An exact name, or a prefix with `.*` behind it.", "custom.order.paid"
)


#: What a question may say besides what it asks of whom: the same as in Interactions.
QUESTION_RULES: Final[Mapping[str, Schema]] = {
    "description": LONG,
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
