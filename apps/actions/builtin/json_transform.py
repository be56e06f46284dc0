"""json.transform: expressions over the input, without side effects."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from apps.actions.builtin.kind import Builtin, closed
from apps.actions.calls import INVALID_INPUT, Attempt, Call, Outcome, done, failed
from apps.actions.names import JSON_TRANSFORM
from apps.engine.expressions import ExpressionError, compile_expression
from apps.engine.expressions.values import size_of
from apps.engine.limits import NESTING_MAX

ROOTS: Final = frozenset({"input"})
_EXPRESSIONS_MAX: Final = 100


def _prepare(call: Call) -> Attempt:
    return partial(asyncio.to_thread, _transform, call.parameters)


def _transform(given: Mapping[str, Any]) -> Outcome:
    roots = {"input": given.get("data")}
    try:
        value = _shape(given["expression"], roots, "expression", [0])
        size_of(value)
    except ExpressionError as error:
        return failed(INVALID_INPUT, str(error))
    return done(value)


def _shape(wanted: Any, roots: Mapping[str, Any], path: str, places: list[int]) -> Any:
    """Return ``wanted`` with every text in it evaluated; ``places`` counts them."""
    if path.count(".") + path.count("[") > NESTING_MAX:
        raise ExpressionError(f"{path}: nested deeper than {NESTING_MAX} levels")
    if isinstance(wanted, Mapping):
        return {
            name: _shape(part, roots, f"{path}.{name}", places)
            for name, part in wanted.items()
        }
    if isinstance(wanted, list):
        return [
            _shape(part, roots, f"{path}[{index}]", places)
            for index, part in enumerate(wanted)
        ]
    if not isinstance(wanted, str):
        return wanted
    places[0] += 1
    if places[0] > _EXPRESSIONS_MAX:
        raise ExpressionError(f"expected at most {_EXPRESSIONS_MAX} expressions")
    try:
        return compile_expression(wanted, ROOTS).evaluate(roots)
    except ExpressionError as error:
        raise ExpressionError(f"{path}: {error}") from error


TRANSFORM: Final = Builtin(
    name=JSON_TRANSFORM,
    title="Transform JSON",
    description=(
        "Builds a value from data: expression is one expression, such as"
        " input.total * 2, or an object or list whose texts are expressions."
    ),
    input_schema=closed(
        ["expression"],
        data={"description": "What expressions read as input."},
        expression={"type": ["string", "object", "array"]},
    ),
    output_schema={},
    prepare=_prepare,
    annotations={"idempotent": True, "read_only": True},
)
