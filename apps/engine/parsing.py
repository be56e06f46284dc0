"""Authored JSON to a spec, or to the list of everything that is wrong with it."""

from collections.abc import Container
from typing import Any, Final, cast

from apps.engine.expressions import ExpressionError
from apps.engine.expressions.values import size_of
from apps.engine.input_values import TYPES, fits
from apps.engine.limits import FIELDS_DECLARED_MAX, STEPS_IN_SPEC_MAX
from apps.engine.parsing_checks import check_references
from apps.engine.parsing_events import TypeProblem
from apps.engine.parsing_fields import Fields, Report
from apps.engine.parsing_linear import is_linear, parse_linear
from apps.engine.parsing_steps import parse_step
from apps.engine.spec import (
    MAIN,
    InputField,
    OutputField,
    Spec,
    SpecErrors,
    Step,
    StepShape,
)

_KNOWN: Final = frozenset(
    {"name", "description", "start_at", "inputs", "outputs", "state", "steps"}
)


def any_type(event_type: str) -> str:
    """Find nothing wrong with an event type."""
    return ""


def parse_spec(
    authored: object,
    *,
    server_actions: Container[str] = frozenset(),
    event_type_problem: TypeProblem = any_type,
) -> Spec:
    """Return ``authored``, decoded JSON, as a spec that can run.

    The schema is closed; steps that have a kind are read by ``parse_linear``.
    ``server_actions`` are the names that a step with ``action_kind: server`` may call.
    ``event_type_problem`` says what is wrong with the type of a ``wait_for_event``, ""
    for nothing; the steps keep it for types that templates make. Parsing is not cheap:
    keep the result.

    Raises:
        SpecErrors: with every problem, in document order within each kind of check.
    """
    if is_linear(authored):
        return parse_linear(
            authored,
            server_actions=server_actions,
            event_type_problem=event_type_problem,
        )
    report = Report()
    fields = Fields(report, "", authored, _KNOWN)
    if not isinstance(authored, dict):
        raise SpecErrors(tuple(report.problems))
    name = fields.name("name", required=True)
    start_at = fields.name("start_at")
    inputs = _inputs(fields)
    outputs = fields.objects(
        "outputs",
        FIELDS_DECLARED_MAX,
        frozenset({"name", "variable", "branch", "description"}),
        _output,
    )
    _check_distinct(fields, "inputs", [field.name for field in inputs])
    _check_distinct(fields, "outputs", [field.name for field in outputs])
    initial = _initial(fields)
    steps = _steps(report, fields, server_actions, event_type_problem)
    check_references(report, steps, outputs, start_at)
    if report.problems:
        raise SpecErrors(tuple(report.problems))
    return Spec(
        name=name,
        description=fields.text("description"),
        steps=cast(tuple[Step, ...], steps),
        start_at=start_at or steps[0].name,
        in_order=not any(step.edges for step in steps),
        inputs=inputs,
        outputs=outputs,
        initial=initial,
    )


def _steps(
    report: Report,
    fields: Fields,
    server_actions: Container[str],
    type_problem: TypeProblem,
) -> tuple[StepShape, ...]:
    fields.text("description")
    authored = fields.listing("steps", STEPS_IN_SPEC_MAX)
    if not authored and not fields.raw("steps"):
        fields.problem("steps", "expected at least one step")
    return tuple(
        parse_step(report, f"steps[{index}]", step, server_actions, type_problem)
        for index, step in enumerate(authored)
    )


def _inputs(fields: Fields) -> tuple[InputField, ...]:
    known = frozenset({"name", "type", "description", "default"})
    return fields.objects("inputs", FIELDS_DECLARED_MAX, known, _input)


def _input(fields: Fields) -> InputField:
    fields.require("type")
    kind = fields.choice("type", TYPES, "any")
    default = fields.raw("default")
    if default is not None and not fits(default, kind):
        fields.problem("default", f"expected {kind}")
    return InputField(
        name=fields.name("name", required=True),
        type=kind,
        description=fields.text("description"),
        default=default,
    )


def _output(fields: Fields) -> OutputField:
    variable = fields.text("variable", required=True)
    if variable.startswith("state."):
        fields.problem("variable", "expected a name without state. before it")
    return OutputField(
        name=fields.name("name", required=True),
        variable=variable,
        branch=fields.name("branch") or MAIN,
        description=fields.text("description"),
    )


def _check_distinct(fields: Fields, key: str, names: list[str]) -> None:
    for index, name in enumerate(names):
        if name and name in names[:index]:
            fields.problem(f"{key}[{index}].name", f"{name} is declared twice")


def _initial(fields: Fields) -> dict[str, Any]:
    initial = dict(fields.mapping("state"))
    try:
        size_of(initial)
    except ExpressionError as error:
        fields.problem("state", str(error))
    return initial
