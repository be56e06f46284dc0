"""Reading what callers ask of runs of automations and loops."""

from datetime import timedelta
from typing import Any, Final, NamedTuple

from apps.api.body import Body
from apps.identity.authentication import Caller
from apps.jobs.queues import read_queue
from apps.kernel.errors import Invalid
from apps.runs.services.start import NewRun

CREDITS_PER_USD: Final = 100
_AUTOMATION_SOURCES: Final = ("api", "trigger", "manual", "interaction", "signal")
_LOOP_SOURCES: Final = ("api", "trigger", "manual", "signal")
_AMOUNT_MAX: Final = 1e12
_EXTENSION_MAX: Final = 365 * 86_400


class Recovery(NamedTuple):
    """How a failed run goes on, and what more it may take and spend."""

    action: str
    reason: str = ""
    extend: timedelta | None = None
    credit_budget: float | None = None


class Usage(NamedTuple):
    """What was used on behalf of a run."""

    category: str
    quantity: float
    credits: float
    facts: dict[str, Any]


def read_automation_start(data: object, caller: Caller, handle: str) -> NewRun:
    """Return a run of an automation to start.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data if data is not None else {})
    inputs = body.mapping("inputs", default={})
    source = _source(body, _AUTOMATION_SOURCES)
    external_id = body.text("external_id", default="", min_length=0, max_length=255)
    queue = read_queue(body, default="default")
    body.finish()
    return _new(caller, handle, dict(inputs), external_id, source, queue)


def read_loop_start(data: object, caller: Caller, loop: str, key: str | None) -> NewRun:
    """Return a run of a loop to start. ``key`` is the header Idempotency-Key.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data if data is not None else {})
    inputs = {
        name: dict(value)
        for name in ("event", "meta", "config")
        if (value := body.mapping(name, default=None)) is not None
    }
    source = _source(body, _LOOP_SOURCES)
    sent = body.text("idempotency_key", default="", min_length=0, max_length=255)
    if sent and key and sent != key:
        body.problem("idempotency_key", "differs from the header Idempotency-Key")
    queue = read_queue(body, default="default")
    budget = _budget(body)
    body.finish()
    return _new(caller, loop, inputs, sent, source, queue, budget)


def _new(
    caller: Caller,
    definition: str,
    inputs: dict[str, Any],
    external_id: str,
    source: dict[str, Any],
    queue: str,
    credit_budget: float | None = None,
) -> NewRun:
    return NewRun(
        definition=definition,
        queue=queue,
        inputs=inputs,
        external_id=external_id,
        actor_type=caller.principal_kind,
        actor_id=caller.principal_id,
        initiated_by=caller.principal_name,
        source=source,
        credit_budget=credit_budget,
    )


def read_recovery(data: object, action: str) -> Recovery:
    """Return how a failed run goes on; ``action`` is resume or retry.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data if data is not None else {})
    reason = body.text("reason", default="", min_length=0, max_length=1000)
    seconds = body.integer(
        "wall_clock_extend_seconds", default=None, minimum=1, maximum=_EXTENSION_MAX
    )
    body.integer("max_agent_turns", default=None, minimum=1)
    budget = _budget(body)
    body.finish()
    extend = None if seconds is None else timedelta(seconds=seconds)
    return Recovery(action, reason, extend, budget)


def read_step_signal(data: object) -> tuple[str, Any]:
    """Return the step a signal resumes, and with what.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    step = body.text("step_key", max_length=128)
    result = body.value("result", default=None)
    body.finish()
    return step, result


def read_usage(data: object) -> Usage:
    """Return what was used.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    category = body.text("category", max_length=64, pattern=r"[a-z][a-z0-9_.]*")
    quantity = _amount(body, "quantity", required=True) or 0.0
    credits = _amount(body, "credits") or 0.0
    unit = body.text("unit", default=None, max_length=32)
    step = body.text("step_key", default=None, max_length=128)
    metadata = body.mapping("metadata", default=None)
    body.finish()
    found = {"unit": unit, "step": step, "metadata": metadata}
    facts = {name: value for name, value in found.items() if value is not None}
    return Usage(category, quantity, credits, facts)


def _source(body: Body, types: tuple[str, ...]) -> dict[str, Any]:
    sent = body.mapping("source", default={})
    inner = Body(sent, "source")
    fields = {
        "type": inner.text("type", default=None, choices=types),
        "id": inner.text("id", default=None, max_length=255),
        "label": inner.text("label", default=None, max_length=255),
    }
    if types is _AUTOMATION_SOURCES:
        for name in ("trigger_id", "trigger_fire_id"):
            fields[name] = inner.text(name, default=None, max_length=64)
    try:
        inner.finish()
    except Invalid:
        body.problems.extend(inner.problems)
    return {name: value for name, value in fields.items() if value is not None}


def _budget(body: Body) -> float | None:
    """Return the budget in credits."""
    if body.has("budget_usd") and body.has("credit_budget"):
        body.problem("budget_usd", "give either budget_usd or credit_budget")
    usd = _amount(body, "budget_usd")
    if usd is not None:
        return usd * CREDITS_PER_USD
    credits = body.integer("credit_budget", default=None, minimum=1)
    return None if credits is None else float(credits)


def _amount(body: Body, field: str, *, required: bool = False) -> float | None:
    """Return a number from 0; None when it is absent."""
    value = body.value(field) if required else body.value(field, default=None)
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= _AMOUNT_MAX:
        body.problem(field, f"expected a number from 0 to {_AMOUNT_MAX:g}")
        return None
    return float(value)
