"""print, fail and time.now."""

from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apps.actions.builtin.kind import Builtin, closed
from apps.actions.calls import INVALID_INPUT, Call, Outcome, done, failed
from apps.actions.names import FAIL, PRINT, TIME_NOW
from apps.api.rendering import instant
from apps.engine.expressions import text_of
from apps.engine.state import RunStatus
from apps.kernel import clock
from apps.run_events.services.append import Entry, append_run_events

_TEXT_CHARS_MAX: Final = 8192
_ARGS_MAX: Final = 50


def _print(call: Call) -> Outcome:
    words = [call.parameters["message"], *call.parameters.get("args", [])]
    text = " ".join(text_of(word) for word in words)[:_TEXT_CHARS_MAX]

    def note(call: Call, now: datetime) -> None:
        if call.run_id:
            lineage = {"step": call.step_name, "job_id": call.job_id}
            entry = Entry(
                run_id=call.run_id,
                project_id=call.project_id,
                type=PRINT,
                payload={"message": text, **lineage},
                status=RunStatus.RUNNING,
                from_worker=True,
            )
            append_run_events([entry], now=now)

    return done(text, effect=note)


def _fail(call: Call) -> Outcome:
    given = call.parameters
    return failed(given.get("error_type", "Error"), given.get("message", "it failed"))


def _now(call: Call) -> Outcome:
    now, zone = clock.now(), call.parameters.get("timezone", "UTC")
    try:
        local = now.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return failed(INVALID_INPUT, f"timezone: there is no zone {zone!r}")
    output: dict[str, Any] = {
        "now": instant(now.astimezone(UTC)),
        "unix": now.timestamp(),
        "timezone": zone,
        "local": local.isoformat(),
        "date": local.date().isoformat(),
        "weekday": local.isoweekday(),
    }
    return done(output)


PRINT_ACTION: Final = Builtin(
    name=PRINT,
    title="Print",
    description="Puts a line on the run's timeline; the output is the text.",
    input_schema=closed(
        ["message"], message={}, args={"type": "array", "maxItems": _ARGS_MAX}
    ),
    output_schema={"type": "string"},
    prepare=_print,
    annotations={"idempotent": True, "read_only": True},
)

FAIL_ACTION: Final = Builtin(
    name=FAIL,
    title="Fail",
    description="Fails always, with the given error type and message.",
    input_schema=closed(
        [],
        message={"type": "string", "maxLength": 2000},
        error_type={"type": "string", "minLength": 1, "maxLength": 255},
    ),
    output_schema={"not": {}},
    prepare=_fail,
    annotations={"idempotent": True, "read_only": True},
)

NOW: Final = Builtin(
    name=TIME_NOW,
    title="Current time",
    description="Reads the server's clock once; the run keeps what it said.",
    input_schema=closed([], timezone={"type": "string", "maxLength": 64}),
    output_schema=closed(
        ["now", "unix", "timezone", "local", "date", "weekday"],
        now={"type": "string", "format": "date-time"},
        unix={"type": "number"},
        timezone={"type": "string"},
        local={"type": "string"},
        date={"type": "string"},
        weekday={"type": "integer", "description": "Monday is 1."},
    ),
    prepare=_now,
    annotations={"read_only": True},
)
