"""What callers ask for: a question, in the words of either generation."""

from typing import Final

from apps.api.schemas import (
    Schema,
    body,
    either,
    flag,
    id_example,
    instant,
    listing,
    mapping,
    ref,
    text,
    whole,
)
from apps.interactions.question import KINDS
from apps.interactions.reference_questions import RULES
from apps.interactions.reference_schemas import FREE
from apps.interactions.requests import (
    COMMENT_CHARS_MAX,
    SIGNAL_CHARS_MAX,
    TAGS_MAX,
)
from apps.kernel.ids import ID_LENGTH_MAX, IdKind

_PERSON: Final = id_example(IdKind.PRINCIPAL)
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
    "resolution_policy": ref("AskedPolicy"),
    **FREE,
    "type": text("", "approval", choices=("approval", "review", "input")),
    "message": text("What is asked.", "Release?", maxLength=10_000),
    "kind": text("In the newer words, `type`.", choices=tuple(KINDS.values())),
    "title": text(
        "In the newer words, `message`.",
        "Release?",
        minLength=1,
        maxLength=COMMENT_CHARS_MAX,
    ),
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
    "tags": mapping(
        "", {"team": "web"}, values=text("", "web"), maxProperties=TAGS_MAX
    ),
    "run_id": text(
        "The run that waits for the answer; goes with `signal_name`.",
        id_example(IdKind.RUN),
        minLength=1,
        maxLength=ID_LENGTH_MAX,
    ),
    "signal_name": text(
        "The signal that the answer is.",
        "approved",
        minLength=1,
        maxLength=SIGNAL_CHARS_MAX,
    ),
    "consumer": body(
        "Who hears of the outcome.",
        {"kind": text("", choices=("none", "run", "http_subscriber"))},
        {"run": _RUN_SIGNAL, "http_subscriber": _SUBSCRIBER},
        example={"kind": "none"},
    ),
}
FROM_JOB: Final[dict[str, Schema]] = {
    "step_name": text(
        "The job's own if absent.", "ok", minLength=1, maxLength=SIGNAL_CHARS_MAX
    ),
    "worker_id": text(
        "The fence: with it only the holder may ask.",
        "worker-1",
        minLength=1,
        maxLength=255,
    ),
    "attempt": whole("The other half of the fence.", minimum=1),
}
