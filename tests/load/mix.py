"""Which events are published under load, and what has to become of them.

Of every hundred events in a row, each with some two hundred bytes of payload:

    1   starts a run: of the type that one of 200 triggers hears, its condition holds
    9   are heard by one of the triggers, whose condition does not hold
    1   resumes a run: of the type that all waits hear, with the value of one of them
    9   are of that type, with a value that nobody waits for
    80  are of types that nobody hears

So every fifth event is dispatched and every fiftieth moves a run. Where all are to be
heard, those 80 are like the 9 and the 9: dispatched, and then wanted by nobody.
"""

from typing import Any, Final

RATE: Final = 1000
BATCH: Final = 100
TRIGGERS: Final = 200
#: Every tenth trigger hears everything below a prefix.
WILD_EVERY: Final = 10
UNHEARD_TYPES: Final = 50
_PADDING: Final = "x" * 120


def trigger_type(name: str, place: int) -> str:
    """Return what a trigger hears."""
    last = "*" if place % WILD_EVERY == 0 else "placed"
    return f"custom.{name}.shop{place}.{last}"


def wait_type(name: str) -> str:
    """Return what all waits hear."""
    return f"custom.{name}.paid"


def batch_of(name: str, number: int, *, all_heard: bool) -> list[dict[str, Any]]:
    """Return the events of one batch. It starts one run, and resumes one: the run that
    waits for its number."""
    return [_event(name, number, place, all_heard) for place in range(BATCH)]


def _event(name: str, batch: int, place: int, all_heard: bool) -> dict[str, Any]:
    facts: dict[str, Any] = {"batch": batch, "place": place, "note": _PADDING}
    kind = place // 10
    if kind > 1 and all_heard:
        kind %= 2
    if kind == 0:
        shop = (batch + place * 20) % TRIGGERS
        type_ = f"custom.{name}.shop{shop}.placed"
        facts["amount"] = 250 if place == 0 else 5
    elif kind == 1:
        type_ = wait_type(name)
        facts["order"] = batch if place == 10 else -(1 + batch * BATCH + place)
    else:
        type_ = f"custom.{name}.page{place % UNHEARD_TYPES}.seen"
    return {"event_type": type_, "source_id": f"src{place}", "event": facts}
