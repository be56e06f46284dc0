"""Specs of automations and loops: steps in a row, each with a kind and a config."""

from collections.abc import Container, Mapping
from datetime import timedelta
from typing import Any, Final, cast

from apps.engine.input_values import TYPES, fits
from apps.engine.limits import FIELDS_DECLARED_MAX, NAME_CHARS_MAX, STEPS_IN_SPEC_MAX
from apps.engine.parsing_events import TypeProblem
from apps.engine.parsing_fields import Fields, Report
from apps.engine.parsing_linear_steps import LinearFields, Named, parse_linear_step
from apps.engine.spec import InputField, Linear, Spec, SpecErrors, Step

_KNOWN: Final = frozenset(
    {"schema_version", "name", "description", "inputs", "event", "config"}
    | {"concurrency", "triggers", "repositories", "steps", "output", "cleanup"}
    | {"limits", "defaults", "run_name"}
)
_LIMITS: Final = frozenset(
    {"budget_usd", "credit_budget", "wall_clock_timeout", "max_agent_turns"}
    | {"daily_budget_usd", "daily_credit_budget", "max_duplicate_tool_calls"}
    | {"pause_after_consecutive_failures"}
)
_CREDITS_PER_USD: Final = 100
_AMOUNT_MAX: Final = 1e12
_COUNT_MAX: Final = 1_000_000
#: Other words for our types.
_TYPES: Final[Mapping[str, str]] = {
    "str": "string",
    "text": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "list": "array",
    "map": "object",
    "json": "any",
}
POLICIES: Final = ("allow", "queue", "skip", "replace")


def is_linear(authored: object) -> bool:
    """Say whether a spec is of a linear dialect: its steps have a kind."""
    steps = authored.get("steps") if isinstance(authored, Mapping) else None
    listed = steps if isinstance(steps, list) else []
    return any(isinstance(step, Mapping) and "kind" in step for step in listed)


def parse_linear(
    authored: object,
    *,
    server_actions: Container[str],
    event_type_problem: TypeProblem,
) -> Spec:
    """Return a spec of a linear dialect that can run; see ``parse_spec``.

    Raises:
        SpecErrors: with every problem.
    """
    report = Report()
    fields = LinearFields(report, "", authored, _KNOWN)
    if not isinstance(authored, dict):
        raise SpecErrors(tuple(report.problems))
    name, description = fields.name("name"), fields.text("description")
    concurrency = _check_surroundings(fields)
    found = _steps(report, fields, server_actions, event_type_problem)
    wall_clock, budget, turns = _limits(fields)
    output = None
    if fields.has("output"):
        output = fields.template("output", fields.mapping("output"))
    linear = Linear(
        saved_as=_saved_as(report, found),
        event=_declared(fields, "event"),
        config=_declared(fields, "config"),
        output=output,
        wall_clock=wall_clock,
        credit_budget=budget,
        max_agent_turns=turns,
        concurrency=concurrency,
    )
    inputs = _declared(fields, "inputs")
    if report.problems:
        raise SpecErrors(tuple(report.problems))
    steps = cast(tuple[Step, ...], tuple(one.step for one in found))
    return Spec(
        name=name,
        description=description,
        steps=steps,
        start_at=steps[0].name,
        in_order=True,
        inputs=inputs,
        linear=linear,
    )


def _steps(
    report: Report,
    fields: Fields,
    server_actions: Container[str],
    type_problem: TypeProblem,
) -> list[Named]:
    authored = fields.listing("steps", STEPS_IN_SPEC_MAX)
    if fields.raw("steps") in (None, []):
        fields.problem("steps", "expected at least one step")
    found = [
        parse_linear_step(report, index, step, server_actions, type_problem)
        for index, step in enumerate(authored)
    ]
    first: dict[str, int] = {}
    for index, one in enumerate(found):
        name = one.step.name
        if name and name in first:
            where = f"steps[{index}].{one.field}"
            report.add(where, f"same as that of steps[{first[name]}]")
        first.setdefault(name, index)
    return found


def _saved_as(report: Report, found: list[Named]) -> dict[str, str]:
    """Return the step behind each name in ``context``; no name stands for two."""
    saved: dict[str, str] = {}
    for index, one in enumerate(found):
        alias = one.saved_as or one.step.name
        if saved.setdefault(alias, one.step.name) != one.step.name:
            where = "save_as" if one.saved_as else one.field
            report.add(f"steps[{index}].{where}", f"{alias} is used by another step")
    return saved


def _check_surroundings(fields: Fields) -> str:
    """Report what is wrong with the parts that others read; return the policy."""
    version = fields.raw("schema_version")
    if version is not None and version not in ("1", "2"):
        fields.problem("schema_version", 'expected "1" or "2"')
    concurrency = fields.choice("concurrency", POLICIES, "allow")
    fields.listing("triggers", FIELDS_DECLARED_MAX)
    fields.listing("repositories", FIELDS_DECLARED_MAX)
    for key in ("defaults", "run_name"):
        fields.mapping(key)
    if fields.listing("cleanup", FIELDS_DECLARED_MAX):
        fields.problem("cleanup", "cleanup steps are made by the system, not authored")
    return concurrency


def _declared(fields: Fields, key: str) -> tuple[InputField, ...]:
    authored = fields.mapping(key)
    if len(authored) > FIELDS_DECLARED_MAX:
        fields.problem(key, f"more than {FIELDS_DECLARED_MAX} entries")
        return ()
    block = fields.object(key, frozenset(authored)) if authored else fields
    return tuple(_field(block, name) for name in authored)


def _field(block: Fields, name: str) -> InputField:
    if not 1 <= len(name) <= NAME_CHARS_MAX:
        block.problem(name, f"expected a name of 1 to {NAME_CHARS_MAX} characters")
    known = frozenset({"type", "description", "required", "default"})
    field = block.object(name, known)
    word = field.text("type") or "any"
    kind = _TYPES.get(word, word)
    if kind not in TYPES:
        field.problem("type", f"expected one of {', '.join(TYPES)}")
        kind = "any"
    default = field.raw("default")
    if default is not None and not fits(default, kind):
        field.problem("default", f"expected {kind}")
    return InputField(
        name=name,
        type=kind,
        description=field.text("description"),
        default=default,
        optional=not field.flag("required"),
    )


def _limits(fields: Fields) -> tuple[timedelta | None, float | None, int | None]:
    """Return the wall clock, the budget in credits, and the turns of agents."""
    limits = fields.object("limits", _LIMITS) if fields.has("limits") else None
    defaults = fields.mapping("defaults")
    wall_clock = _wall_clock(fields, limits, defaults)
    if limits is None:
        return wall_clock, None, None
    for usd, credits in (
        ("budget_usd", "credit_budget"),
        ("daily_budget_usd", "daily_credit_budget"),
    ):
        if limits.has(usd) and limits.has(credits):
            limits.problem(usd, f"give either {usd} or {credits}")
    budget: float | None = None
    if limits.has("budget_usd"):
        amount = limits.number("budget_usd", 0, 0, _AMOUNT_MAX)
        budget = amount * _CREDITS_PER_USD
    elif limits.has("credit_budget"):
        budget = float(_count(limits, "credit_budget"))
    limits.number("daily_budget_usd", 0, 0, _AMOUNT_MAX)
    for key in (
        *("daily_credit_budget", "max_duplicate_tool_calls"),
        "pause_after_consecutive_failures",
    ):
        if limits.has(key):
            _count(limits, key)
    has_turns = limits.has("max_agent_turns")
    turns = _count(limits, "max_agent_turns") if has_turns else None
    return wall_clock, budget, turns


def _count(limits: Fields, key: str) -> int:
    count = limits.whole(key, 1, _COUNT_MAX)
    if count < 1:
        limits.problem(key, "expected at least 1")
    return count


def _wall_clock(
    fields: Fields, limits: Fields | None, defaults: Mapping[str, Any]
) -> timedelta | None:
    """Return the limit; 0 is none. Automations have it among their defaults."""
    block = limits
    if (limits is None or not limits.has("wall_clock_timeout")) and (
        "wall_clock_timeout" in defaults
    ):
        block = fields.object("defaults", frozenset(defaults))
    if block is None:
        return None
    return block.duration("wall_clock_timeout", zero=True) or None
