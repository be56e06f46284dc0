"""email.send: written into the outbox of deliveries, which sends and retries it."""

from datetime import datetime
from email.utils import parseaddr
from typing import Final

from apps.actions.builtin.kind import Builtin, closed
from apps.actions.calls import INVALID_INPUT, Call, Outcome, done, failed
from apps.actions.names import EMAIL_SEND
from apps.deliveries.services.enqueue import NewMailDelivery, enqueue_deliveries

_ADDRESSES_MAX: Final = 50
_PURPOSE: Final = "action.email"


def _send(call: Call) -> Outcome:
    given = call.parameters
    to = [given["to"]] if isinstance(given["to"], str) else list(given["to"])
    wrong = [address for address in to if not _is_address(address)]
    if wrong:
        return failed(INVALID_INPUT, f"to: {wrong[0]!r} is not an address")

    def enqueue(call: Call, now: datetime) -> None:
        mail = NewMailDelivery(
            project_id=call.project_id,
            purpose=_PURPOSE,
            to=to,
            subject=given["subject"],
            text=given.get("text", ""),
            html=given.get("html", ""),
            subject_id=call.id,
            run_id=call.run_id,
            dedup_key=call.id,
        )
        enqueue_deliveries([mail], now=now)

    return done({"accepted": True, "recipients": len(set(to))}, effect=enqueue)


def _is_address(text: str) -> bool:
    local, at, host = text.rpartition("@")
    plain = parseaddr(text)[1] == text and text.isprintable() and " " not in text
    return bool(local and at and host and plain)


_ADDRESS: Final = {"type": "string", "minLength": 3, "maxLength": 254}
EMAIL: Final = Builtin(
    name=EMAIL_SEND,
    title="Send mail",
    description=(
        "Sends a mail; each address gets its own, once. The output says that it was"
        " accepted, not that it has arrived."
    ),
    input_schema=closed(
        ["to", "subject"],
        to={
            "anyOf": [
                _ADDRESS,
                {
                    "type": "array",
                    "items": _ADDRESS,
                    "minItems": 1,
                    "maxItems": _ADDRESSES_MAX,
                },
            ]
        },
        subject={"type": "string", "minLength": 1, "maxLength": 500},
        text={"type": "string", "maxLength": 100_000},
        html={"type": "string", "maxLength": 500_000},
    ),
    output_schema=closed(
        ["accepted", "recipients"],
        accepted={"type": "boolean"},
        recipients={"type": "integer"},
    ),
    prepare=_send,
    annotations={"idempotent": True, "open_world": True},
    risk="medium",
)
