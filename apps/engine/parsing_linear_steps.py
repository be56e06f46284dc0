"""One authored step of a linear dialect to a spec value.

``config`` says what a kind needs; conditions, retries and time limits stand beside it.
"""

from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final, NamedTuple

from apps.engine.durations import read_instant
from apps.engine.parsing_events import TypeProblem, read_event_wait
from apps.engine.parsing_fields import Fields, Report
from apps.engine.parsing_linear_kinds import (
    read_agent,
    read_check,
    read_child,
    read_interaction,
    read_sub_automation,
)
from apps.engine.retry import DEFAULT_RETRY, SERVER_RETRY
from apps.engine.roots import LINEAR_ROOTS
from apps.engine.spec import (
    ActionStep,
    RetryRule,
    SleepStep,
    StepShape,
)
from apps.engine.templates import BRACES, Template

_COMMON: Final = frozenset(
    {"id", "key", "name", "kind", "config", "if", "input", "retry", "timeout"}
    | {"save_as", "description"}
)
_KINDS: Final = (
    *("action", "sleep", "wait_for_event", "interaction", "loop", "check", "agent"),
    "automation",
)
_ATTEMPTS_MAX: Final = 10
_EVENT_FIELDS: Final = frozenset(
    {"event_type", "source_id", "match", "condition", "payload_mapping", "lookback"}
)
_LATER: Final = timedelta(seconds=1)  # stands in for a span that was reported broken


class LinearFields(Fields):
    """Fields whose expressions see a run of a linear dialect."""

    roots = LINEAR_ROOTS
    syntax = BRACES


class Named(NamedTuple):
    """A step, the field that names it, and what its output is saved as."""

    step: StepShape
    field: str
    saved_as: str = ""


class Limit(NamedTuple):
    """``timeout`` of a step; ``skips`` goes on behind it instead of failing."""

    duration: timedelta | None = None
    skips: bool = False


def parse_linear_step(
    report: Report,
    index: int,
    authored: object,
    server_actions: Container[str],
    type_problem: TypeProblem,
) -> Named:
    """Return the step; a bare ``StepShape`` when its kind cannot be told."""
    path = f"steps[{index}]"
    if not isinstance(authored, dict):
        report.add(path, "expected an object")
        return Named(StepShape(name=""), "id")
    fields = LinearFields(report, path, authored, _COMMON)
    field, name = _name(fields, index)
    title = fields.name("name")
    shape: dict[str, Any] = {
        "name": name,
        "description": fields.text("description") or title,
        "run_if": fields.condition("if"),
        "store": name,
    }
    given = fields.template("input", fields.mapping("input"))
    saved_as = fields.variable("save_as")
    fields.require("kind")
    kind = fields.choice("kind", _KINDS, "")
    fields.require("config")
    if not kind or not fields.has_object("config"):
        return Named(StepShape(**shape), field, saved_as)
    if kind == "action":
        step: StepShape = _action(fields, shape, given, server_actions)
    elif kind == "wait_for_event":
        step = _event_wait(fields, shape, type_problem)
    else:
        step = _READERS[kind](fields, shape)
    return Named(step, field, saved_as)


def _name(fields: Fields, index: int) -> tuple[str, str]:
    """Return what a step is called in expressions, and which field says so."""
    if fields.has("id") and fields.has("key"):
        fields.problem("key", "give either id or key")
    field = "key" if fields.has("key") else "id"
    name = fields.name(field, required=fields.has(field))
    return field, name or str(index)


def _action(
    fields: Fields,
    shape: dict[str, Any],
    given: Template,
    server_actions: Container[str],
) -> ActionStep:
    """Read an action; what it is given as ``input`` are parameters, too."""
    known = frozenset(
        {"action_name", "execution_location", "environment_id", "parameters"}
    )
    config = fields.object("config", known)
    action = config.name("action_name", required=True)
    places = ("worker", "managed", "environment")
    place = config.choice("execution_location", places, "worker")
    if place == "environment" or config.has("environment_id"):
        config.problem(
            "execution_location", "there are no environments here: use worker"
        )
    server = place == "managed"
    if server and action and action not in server_actions:
        config.problem("action_name", f"there is no server action {action}")
    own = config.template("parameters", config.mapping("parameters"))
    both = {**(given.authored or {}), **(own.authored or {})}
    return ActionStep(
        **shape,
        action=action,
        server=server,
        parameters=config.template("parameters", both),
        retry=_attempts(fields, _limit_of_attempt(fields), server=server),
    )


def _event_wait(
    fields: Fields, shape: dict[str, Any], type_problem: TypeProblem
) -> StepShape:
    """Read ``config`` as the block of that name; bare paths of ``match`` mean the
    event's own fields."""
    limit = _limit(fields)
    retry = _attempts(fields, None) if fields.has("retry") else ()
    fields.object("config", _EVENT_FIELDS)
    config = fields.mapping("config")
    block = {key: each for key, each in config.items() if key in _EVENT_FIELDS}
    match = config.get("match")
    paths = {_rooted(path): path for path in match} if isinstance(match, dict) else {}
    if isinstance(match, dict):
        block["match"] = {rooted: match[path] for rooted, path in paths.items()}
        if len(paths) < len(match):
            fields.problem("config.match", "two entries are about the same field")
    report = Report()
    inner = LinearFields(
        report, "", {"wait_for_event": block}, frozenset({"wait_for_event"})
    )
    wait = read_event_wait(
        inner, {**shape, "retry": retry, "catch": ()}, type_problem, limit
    )
    for problem in report.problems:
        where = problem.path.removeprefix("wait_for_event.")
        fields.problem(f"config.{_as_authored(where, paths)}", problem.message)
    return wait


def _rooted(path: str) -> str:
    has_root = path.split(".", 1)[0] in ("event", "meta")
    return path if has_root else f"event.{path}"


def _as_authored(where: str, paths: Mapping[str, str]) -> str:
    """Return where a problem is, with the path of a match as it was written."""
    for rooted, path in paths.items():
        entry = f"match.{rooted}"
        if where == entry or where.startswith((f"{entry}.", f"{entry}[")):
            return f"match.{path}{where.removeprefix(entry)}"
    return where


def _sleep(fields: Fields, shape: dict[str, Any]) -> SleepStep:
    _refuse(fields, "sleep")
    config = fields.object("config", frozenset({"duration", "until"}))
    if config.has("duration") == config.has("until"):
        config.problem("duration", "give exactly one of duration and until")
    if config.has("until"):
        until = config.name("until", required=True)
        fixed = until.strip() and not config.is_template(until)
        if fixed and read_instant(until) is None:
            config.problem("until", "expected an instant such as 2026-11-27T09:00:00Z")
        return SleepStep(**shape, until=config.template("until", until))
    return SleepStep(**shape, duration=config.duration("duration") or _LATER)


def _interaction(fields: Fields, shape: dict[str, Any]) -> StepShape:
    if fields.has("retry"):
        fields.problem("retry", "a question is not tried again: use reminders")
    limit = _limit(fields)
    return read_interaction(fields, shape, limit.duration, skips=limit.skips)


def _alone(
    read: Callable[[Fields, dict[str, Any]], StepShape], word: str
) -> Callable[[Fields, dict[str, Any]], StepShape]:
    """Return a reader of a kind that is over at once: nothing is tried again."""

    def reader(fields: Fields, shape: dict[str, Any]) -> StepShape:
        _refuse(fields, word)
        return read(fields, shape)

    return reader


def _agent(fields: Fields, shape: dict[str, Any]) -> StepShape:
    _attempts(fields, _limit_of_attempt(fields))
    return read_agent(fields, shape)


def _refuse(fields: Fields, kind: str) -> None:
    for key in ("retry", "timeout"):
        if fields.has(key):
            fields.problem(key, f"a {kind} step has none")


def _limit(fields: Fields) -> Limit:
    if not fields.has("timeout"):
        return Limit()
    limit = fields.object("timeout", frozenset({"duration", "on_timeout"}))
    duration = limit.duration("duration", required=True)
    skips = limit.choice("on_timeout", ("fail", "skip"), "fail") == "skip"
    return Limit(duration or _LATER, skips)


def _limit_of_attempt(fields: Fields) -> timedelta | None:
    limit = _limit(fields)
    if limit.skips:
        fields.problem("timeout.on_timeout", "expected fail: only waits are skipped")
    return limit.duration


def _attempts(
    fields: Fields, limit: timedelta | None, *, server: bool = False
) -> tuple[RetryRule, ...]:
    """Return the rule of ``retry``: so many attempts, so long apart. Without one, an
    action of the server is tried again only where its process died."""
    if server and not fields.has("retry"):
        return (replace(SERVER_RETRY, timeout=limit),)
    most = DEFAULT_RETRY.max_retries + 1
    delay, rate = DEFAULT_RETRY.base_delay, DEFAULT_RETRY.backoff_rate
    if fields.has("retry"):
        retry = fields.object("retry", frozenset({"max_attempts", "delay"}))
        most = retry.whole("max_attempts", most, _ATTEMPTS_MAX)
        if most < 1:
            retry.problem("max_attempts", f"expected 1 to {_ATTEMPTS_MAX}")
        if retry.has("delay"):
            delay, rate = retry.duration("delay", zero=True) or timedelta(0), 1.0
    rule = RetryRule(
        max_retries=max(most, 1) - 1,
        base_delay=delay,
        max_delay=max(delay, timedelta(seconds=60)),
        backoff_rate=rate,
        timeout=limit,
    )
    return (rule,)


_READERS: Final[Mapping[str, Callable[[Fields, dict[str, Any]], StepShape]]] = {
    "sleep": _sleep,
    "interaction": _interaction,
    "loop": _alone(read_child, "loop"),
    "automation": _alone(read_sub_automation, "automation"),
    "check": _alone(read_check, "check"),
    "agent": _agent,
}
