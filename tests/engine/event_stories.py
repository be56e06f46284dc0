"""What stories of waits for events share."""

from typing import Any

from apps.engine.events import Envelope
from apps.engine.inputs import EventReceived
from tests.engine.stories import NINE

PAID = "custom.payment.received"


def wait(name: str = "paid", **more: Any) -> dict[str, Any]:
    """A step that waits for a payment."""
    return {"name": name, "wait_for_event": {"event_type": PAID, **more}}


def paid(event: Any = None, source_id: str = "bank", **meta: Any) -> Envelope:
    """The news of a payment."""
    return Envelope(PAID, source_id, event or {}, {"event_type": PAID, **meta})


def received(envelope: Envelope, task_id: int = 1, id: str = "evt_1") -> EventReceived:
    return EventReceived(NINE, task_id, id, envelope)
