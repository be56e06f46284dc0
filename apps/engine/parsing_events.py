"""What an authored ``wait_for_event`` block may say."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final, Protocol

from apps.engine.events import EVENT_ROOTS
from apps.engine.expressions import Expression, ExpressionError, compile_expression
from apps.engine.limits import (
    FIELDS_DECLARED_MAX,
    LOOKBACK_MAX,
    MATCHES_MAX,
    NAME_CHARS_MAX,
)
from apps.engine.parsing_fields import Fields, bare
from apps.engine.spec import EventWaitStep

#: Says what is wrong with an event type, "" when it may be waited for.
TypeProblem = Callable[[str], str]

_FIELDS: Final = frozenset(
    {"event_type", "source_id", "match", "condition", "payload_mapping"}
    | {"timeout", "on_timeout", "lookback", "store"}
)


class TimeLimit(Protocol):
    """How long a step waits, where that is said outside the block."""

    @property
    def duration(self) -> timedelta | None: ...
    @property
    def skips(self) -> bool: ...


def read_event_wait(
    fields: Fields,
    shape: Mapping[str, Any],
    type_problem: TypeProblem,
    limit: TimeLimit | None = None,
) -> EventWaitStep:
    """Return the step; ``shape`` is what all kinds of step have in common. With
    ``limit`` the block says nothing of time, and of where the output goes."""
    wait = fields.object("wait_for_event", _FIELDS)
    event_type = wait.name("event_type", required=True)
    if event_type.strip() and not wait.is_template(event_type):
        problem = type_problem(event_type)
        if problem:
            wait.problem("event_type", problem)
    condition = wait.condition("condition", EVENT_ROOTS | wait.roots)
    timeout = wait.duration("timeout") if limit is None else limit.duration
    if wait.has("on_timeout") and not wait.has("timeout"):
        wait.problem("on_timeout", "nothing times out without timeout")
    lookback = wait.duration("lookback", zero=True)
    if lookback is not None and lookback > LOOKBACK_MAX:
        wait.problem("lookback", "longer than 24h")
    if limit is None:
        shape = {**shape, "store": wait.variable("store")}
    return EventWaitStep(
        **shape,
        event_type=wait.template("event_type", event_type),
        source_id=wait.template("source_id", wait.name("source_id")),
        match=wait.template("match", _match(wait)),
        condition=condition,
        condition_reads_run=condition is not None and _reads_run(condition),
        mapping=_mapping(wait),
        timeout=timeout,
        on_timeout=wait.name("on_timeout"),
        lookback=lookback or timedelta(0),
        timeout_skips=limit is not None and limit.skips,
        type_problem=type_problem,
    )


def _match(wait: Fields) -> dict[str, Any]:
    match = dict(wait.mapping("match"))
    if len(match) > MATCHES_MAX:
        wait.problem("match", f"more than {MATCHES_MAX} entries")
    for path in match:
        root, *parts = path.split(".")
        if root not in EVENT_ROOTS or not parts or not all(parts):
            wait.problem(f"match.{path}", "expected a path such as meta.order_id")
        elif len(path) > NAME_CHARS_MAX:
            wait.problem(f"match.{path}", f"longer than {NAME_CHARS_MAX} characters")
    return match


def _mapping(wait: Fields) -> dict[str, Expression]:
    authored = wait.mapping("payload_mapping")
    if len(authored) > FIELDS_DECLARED_MAX:
        wait.problem("payload_mapping", f"more than {FIELDS_DECLARED_MAX} entries")
        return {}
    found: dict[str, Expression] = {}
    for name, source in authored.items():
        key = f"payload_mapping.{name}"
        if not isinstance(source, str) or not source.strip():
            wait.problem(key, "expected an expression, such as event.amount")
            continue
        expression = wait.expression(key, bare(source), EVENT_ROOTS)
        if expression is not None:
            found[name] = expression
    return found


def _reads_run(condition: Expression) -> bool:
    try:
        compile_expression(condition.source, EVENT_ROOTS)
    except ExpressionError:
        return True
    return False
