"""Whether the inputs of a run fit what its spec declares."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from apps.engine.expressions.values import is_number
from apps.engine.spec import InputErrors, InputField, Linear, Problem, Spec

TYPES: Final = ("string", "number", "integer", "boolean", "object", "array", "any")


def check_inputs(spec: Spec, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return ``inputs`` with the declared defaults filled in.

    A spec that declares no inputs accepts any. Null counts as not given.

    Raises:
        InputErrors: an input is missing, unknown, or of another type.
    """
    if spec.linear is not None:
        return _check_linear(spec.inputs, spec.linear, inputs)
    if not spec.inputs:
        return inputs
    declared = {field.name for field in spec.inputs}
    problems = [
        Problem(f"inputs.{key}", f"unknown input {key}")
        for key in inputs
        if key not in declared
    ]
    filled = _fill("inputs", "input", spec.inputs, inputs, problems)
    if problems:
        raise InputErrors(tuple(problems))
    return filled


def _check_linear(
    declared: Sequence[InputField], linear: Linear, inputs: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Check ``event`` and ``config`` as well; what is not declared is welcome."""
    problems: list[Problem] = []
    filled = {**inputs, **_fill("inputs", "input", declared, inputs, problems)}
    for name, fields in (("event", linear.event), ("config", linear.config)):
        if not fields:
            continue
        value = inputs.get(name)
        given = {} if value is None else value
        if not isinstance(given, Mapping):
            problems.append(Problem(name, f"{name} must be of type object"))
            continue
        filled[name] = {**given, **_fill(name, name, fields, given, problems)}
    if problems:
        raise InputErrors(tuple(problems))
    return filled


def _fill(
    where: str,
    word: str,
    declared: Sequence[InputField],
    given: Mapping[str, Any],
    problems: list[Problem],
) -> dict[str, Any]:
    """Return the declared inputs with their defaults, and note what is wrong."""
    filled: dict[str, Any] = {}
    for field in declared:
        value = given.get(field.name)
        if value is None:
            value = field.default
        path, told = f"{where}.{field.name}", f"{word} {field.name}"
        if value is None:
            if not field.optional:
                problems.append(Problem(path, f"{told} is required"))
        elif not fits(value, field.type):
            problems.append(Problem(path, f"{told} must be of type {field.type}"))
        else:
            filled[field.name] = value
    return filled


def fits(value: Any, kind: str) -> bool:
    """Say whether ``value`` is of the declared type ``kind``, one of ``TYPES``."""
    match kind:
        case "string":
            return isinstance(value, str)
        case "number":
            return is_number(value)
        case "integer":
            return is_number(value) and value == value // 1
        case "boolean":
            return isinstance(value, bool)
        case "object":
            return isinstance(value, dict)
        case "array":
            return isinstance(value, list)
        case _:
            return True
