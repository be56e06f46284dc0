"""Reading ``source_config``: what each kind of trigger is told about its source.

The result is what is stored and shown: every key with its default, nothing else.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from apps.api.body import Body
from apps.engine.expressions import ExpressionError
from apps.source_events.catalog import check_trigger_type
from apps.triggers.authored import compile_condition
from apps.triggers.models import MissedSlots, TriggerKind
from apps.triggers.schedules import (
    ScheduleError,
    read_cron,
    read_interval,
    read_zone,
)

CONDITION_CHARS_MAX: Final = 4096
NAME_CHARS_MAX: Final = 128
CONCURRENT_RUNS_MAX: Final = 10_000
#: It stands in an address that everybody may call.
HANDLE_PATTERN: Final = r"[A-Za-z0-9][A-Za-z0-9_-]{2,127}"


def read_source_config(
    kind: str, body: Body, field: str = "source_config"
) -> dict[str, Any]:
    """Return the normal form of ``source_config``; problems are noted in ``body``."""
    config = body.inside(field)
    read = _READERS[kind](config) if kind in _READERS else {}
    body.adopt(config)
    return {name: value for name, value in read.items() if value not in (None, "")}


def read_filter_config(body: Body) -> dict[str, Any]:
    """Return the normal form of ``filter_config``; problems are noted in ``body``."""
    config = body.inside("filter_config")
    condition = read_condition(config, "condition")
    body.adopt(config)
    return {"condition": condition} if condition else {}


def read_condition(body: Body, field: str) -> str:
    """Return a condition that can be read; empty when there is none."""
    condition: str = body.text(
        field, default="", min_length=0, max_length=CONDITION_CHARS_MAX
    )
    if condition.strip():
        try:
            compile_condition(condition)
        except ExpressionError as error:
            body.problem(field, str(error))
    return condition.strip()


def _read_schedule(config: Body) -> dict[str, Any]:
    cron = config.text("cron", default="", min_length=0, max_length=200)
    interval = config.text("interval", default="", min_length=0, max_length=64)
    zone = config.text("timezone", default="UTC", max_length=64)
    missed = config.text(
        "missed", default=MissedSlots.LATEST.value, choices=MissedSlots.values
    )
    if bool(cron.strip()) == bool(interval.strip()):
        config.problem("cron", "provide exactly one of cron and interval")
    checks: list[tuple[Callable[[str], object], str]] = [(read_zone, zone)]
    checks += [(read_cron, cron)] if cron.strip() else []
    checks += [(read_interval, interval)] if interval.strip() else []
    for check, text in checks:
        try:
            check(text)
        except ScheduleError as error:
            config.problem(error.field, str(error))
    return {
        "cron": cron.strip(),
        "interval": interval.strip(),
        "timezone": zone,
        "missed": missed,
    }


def _read_event(config: Body) -> dict[str, Any]:
    event_type = config.text("event_type", max_length=128)
    if event_type and (problem := check_trigger_type(event_type)):
        config.problem("event_type", problem)
    return {
        "event_type": event_type,
        "source_id": config.text("source_id", default="", min_length=0, max_length=128),
        "condition": read_condition(config, "condition"),
    }


_READERS: Final[Mapping[str, Callable[[Body], dict[str, Any]]]] = {
    TriggerKind.SCHEDULE: _read_schedule,
    TriggerKind.EVENT: _read_event,
}
