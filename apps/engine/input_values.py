"""Whether the inputs of a run fit what its spec declares."""

from collections.abc import Mapping
from typing import Any, Final

from apps.engine.expressions.values import is_number
from apps.engine.spec import InputErrors, Problem, Spec

TYPES: Final = ("string", "number", "integer", "boolean", "object", "array", "any")


def check_inputs(spec: Spec, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return ``inputs`` with the declared defaults filled in.

    A spec that declares no inputs accepts any. Null counts as not given.

    Raises:
        InputErrors: an input is missing, unknown, or of another type.
    """
    if not spec.inputs:
        return inputs
    problems: list[Problem] = []
    declared = {field.name: field for field in spec.inputs}
    for key in inputs:
        if key not in declared:
            problems.append(Problem(f"inputs.{key}", f"unknown input {key}"))
    filled: dict[str, Any] = {}
    for name, field in declared.items():
        value = inputs.get(name)
        if value is None:
            value = field.default
        if value is None:
            problems.append(Problem(f"inputs.{name}", f"input {name} is required"))
        elif not fits(value, field.type):
            problems.append(
                Problem(f"inputs.{name}", f"input {name} must be of type {field.type}")
            )
        else:
            filled[name] = value
    if problems:
        raise InputErrors(tuple(problems))
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
