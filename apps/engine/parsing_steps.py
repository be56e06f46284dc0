"""One authored step to a spec value."""

from collections.abc import Callable, Container, Mapping
from datetime import timedelta
from typing import Any, Final

from apps.engine.limits import (
    BACKOFF_RATE_MAX,
    DURATION_MAX,
    EDGES_PER_STEP_MAX,
    NAMES_PER_RULE_MAX,
    RETRIES_MAX,
    RULES_PER_STEP_MAX,
)
from apps.engine.parsing_events import TypeProblem, read_event_wait
from apps.engine.parsing_fields import Fields, Report
from apps.engine.parsing_interactions import QUESTION_FIELDS, check_interaction
from apps.engine.spec import (
    ActionStep,
    CatchRule,
    Each,
    Edge,
    InteractionStep,
    JoinStep,
    PauseStep,
    RetryRule,
    SleepStep,
    StepShape,
    WaitSignalStep,
)

_COMMON: Final = frozenset(
    {"name", "description", "next", "edge_matching_strategy", "each", "layout"}
)
_OWN: Final[Mapping[str, frozenset[str]]] = {
    "action": frozenset(
        {"action", "action_kind", "store", "parameters", "retry", "catch"}
    ),
    "join": frozenset({"join"}),
    "wait_signal": frozenset({"wait_signal", "retry", "catch"}),
    "wait_for_event": frozenset({"wait_for_event", "retry", "catch"}),
    "sleep": frozenset({"sleep"}),
    "pause": frozenset({"pause"}),
    "interaction": frozenset({"interaction", "store", "catch"}),
}
_ANY: Final = _COMMON.union(*_OWN.values())
_LATER: Final = timedelta(seconds=1)  # stands in for a span that was reported broken


def parse_step(
    report: Report,
    path: str,
    authored: object,
    server_actions: Container[str],
    type_problem: TypeProblem,
) -> StepShape:
    """Return the step; a bare ``StepShape`` when its kind cannot be told.

    Problems go to ``report``; names that lead to other steps are checked later.
    """
    if not isinstance(authored, dict):
        report.add(path, "expected an object")
        return StepShape(name="")
    kinds = [kind for kind in _OWN if authored.get(kind) is not None]
    known = _COMMON | _OWN[kinds[0]] if len(kinds) == 1 else _ANY
    fields = Fields(report, path, authored, known)
    shape = _common(fields)
    if len(kinds) != 1:
        found = " and ".join(kinds) or "none"
        fields.problem("", f"expected exactly one of {', '.join(_OWN)}; found {found}")
        return StepShape(**shape)
    if kinds[0] in ("join", "pause") and shape["each"] is not None:
        fields.problem("each", f"a {kinds[0]} step has no each")
    if kinds[0] == "action":
        return _action(fields, shape, server_actions)
    if kinds[0] == "wait_for_event":
        rules = {"retry": _retries(fields), "catch": _catches(fields)}
        return read_event_wait(fields, {**shape, **rules}, type_problem)
    return _READERS[kinds[0]](fields, shape)


def _common(fields: Fields) -> dict[str, Any]:
    strategy = fields.choice("edge_matching_strategy", ("all", "first"), "all")
    if fields.has("layout"):
        layout = fields.object("layout", frozenset({"x", "y"}))
        for axis in ("x", "y"):
            layout.number(axis, 0, -1e9, 1e9)
    return {
        "name": fields.name("name", required=True),
        "description": fields.text("description"),
        "edges": fields.objects(
            "next",
            EDGES_PER_STEP_MAX,
            frozenset({"step", "condition", "branch"}),
            _edge,
        ),
        "first_edge_only": strategy == "first",
        "each": _each(fields.object("each", frozenset({"items", "as"})))
        if fields.has("each")
        else None,
    }


def _edge(fields: Fields) -> Edge:
    branch = fields.name("branch")
    if "." in branch:
        fields.problem("branch", "a branch name has no dot")
    return Edge(
        step=fields.name("step", required=True),
        condition=fields.condition("condition"),
        branch=branch,
    )


def _each(fields: Fields) -> Each:
    items = fields.raw("items")
    fields.require("items")
    if isinstance(items, str) and "${" not in items:
        items = f"${{{items}}}"  # a bare expression, as conditions are
    return Each(
        items=fields.template("items", items), variable=fields.variable("as") or "item"
    )


def _action(
    fields: Fields, shape: dict[str, Any], server_actions: Container[str]
) -> ActionStep:
    action = fields.name("action", required=True)
    server = fields.choice("action_kind", ("worker", "server"), "worker") == "server"
    if server and action and action not in server_actions:
        fields.problem("action", f"there is no server action {action}")
    return ActionStep(
        **shape,
        action=action,
        server=server,
        store=fields.variable("store"),
        parameters=fields.template("parameters", fields.mapping("parameters")),
        retry=_retries(fields),
        catch=_catches(fields),
    )


def _retries(fields: Fields) -> tuple[RetryRule, ...]:
    known = frozenset(
        {
            "error_equals",
            "max_retries",
            "base_delay",
            "max_delay",
            "backoff_rate",
            "jitter_strategy",
            "timeout",
        }
    )
    return fields.objects("retry", RULES_PER_STEP_MAX, known, _retry)


def _retry(fields: Fields) -> RetryRule:
    standard = RetryRule()
    base = fields.duration("base_delay", zero=True)
    base = standard.base_delay if base is None else base
    most = fields.duration("max_delay", zero=True)
    if most is not None and base > most:
        if fields.has("base_delay"):
            fields.problem("base_delay", "longer than max_delay")
        base = most
    return RetryRule(
        error_equals=fields.names("error_equals", NAMES_PER_RULE_MAX),
        max_retries=fields.whole("max_retries", standard.max_retries, RETRIES_MAX),
        base_delay=base,
        max_delay=most,
        backoff_rate=fields.number(
            "backoff_rate", standard.backoff_rate, 0, BACKOFF_RATE_MAX
        ),
        full_jitter=fields.choice("jitter_strategy", ("NONE", "FULL"), "NONE")
        == "FULL",
        timeout=fields.duration("timeout"),
    )


def _catches(fields: Fields) -> tuple[CatchRule, ...]:
    known = frozenset({"error_equals", "next", "store"})
    return fields.objects("catch", RULES_PER_STEP_MAX, known, _catch)


def _catch(fields: Fields) -> CatchRule:
    names = fields.names("error_equals", NAMES_PER_RULE_MAX)
    if not names and not fields.raw("error_equals"):
        fields.problem("error_equals", "required")
    return CatchRule(
        error_equals=names,
        next=fields.name("next", required=True),
        store=fields.variable("store"),
    )


def _join(fields: Fields, shape: dict[str, Any]) -> JoinStep:
    join = fields.object("join", frozenset({"branches", "count", "branch_mappings"}))
    mappings = join.mapping("branch_mappings")
    for source, target in mappings.items():
        if not isinstance(target, str) or not target.strip() or "." in target:
            join.problem(f"branch_mappings.{source}", "expected a bare variable name")
    return JoinStep(
        **shape,
        branches=join.names("branches", EDGES_PER_STEP_MAX),
        count=join.whole("count", 0, EDGES_PER_STEP_MAX),
        mappings=dict(mappings),
    )


def _wait_signal(fields: Fields, shape: dict[str, Any]) -> WaitSignalStep:
    known = frozenset({"topic", "timeout", "store", "on_timeout"})
    wait = fields.object("wait_signal", known)
    topic = wait.name("topic", required=True)
    return WaitSignalStep(
        **shape,
        topic=wait.template("topic", topic),
        timeout=wait.duration("timeout", required=True) or _LATER,
        store=wait.variable("store"),
        on_timeout=wait.name("on_timeout"),
        retry=_retries(fields),
        catch=_catches(fields),
    )


def _sleep(fields: Fields, shape: dict[str, Any]) -> SleepStep:
    sleep = fields.object("sleep", frozenset({"duration"}))
    span = sleep.duration("duration", required=True) or _LATER
    assert span <= DURATION_MAX, "parse_duration bounds it"
    return SleepStep(**shape, duration=span)


def _pause(fields: Fields, shape: dict[str, Any]) -> PauseStep:
    pause = fields.object("pause", frozenset({"reason"}))
    return PauseStep(**shape, reason=pause.template("reason", pause.text("reason")))


def _interaction(fields: Fields, shape: dict[str, Any]) -> InteractionStep:
    known = QUESTION_FIELDS | {"timeout", "on_timeout", "store"}
    asked = fields.object("interaction", known)
    timeout = asked.duration("timeout", required=True)
    check_interaction(asked, templated=True, timeout=timeout)
    if fields.has("store") and asked.has("store"):
        fields.problem("store", "given twice: here and in interaction")
    block = fields.mapping("interaction")
    question = {k: v for k, v in block.items() if k in QUESTION_FIELDS and asked.has(k)}
    return InteractionStep(
        **shape,
        config=asked.template("", question),
        timeout=timeout or _LATER,
        store=fields.variable("store") or asked.variable("store"),
        on_timeout=asked.name("on_timeout"),
        takes_signals=asked.raw("exclude_initiator") is not True,
        catch=_catches(fields),
    )


_READERS: Final[Mapping[str, Callable[[Fields, dict[str, Any]], StepShape]]] = {
    "join": _join,
    "wait_signal": _wait_signal,
    "sleep": _sleep,
    "pause": _pause,
    "interaction": _interaction,
}
