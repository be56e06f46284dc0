"""One compiled expression."""

from collections.abc import Mapping, Set
from typing import Any

from apps.engine.expressions.errors import ExpressionError
from apps.engine.expressions.grammar import Parser, Run
from apps.engine.expressions.values import Scope, is_truthy, size_of


class Expression:
    """Source that has been read once and can be evaluated any number of times.

    Two expressions are equal when their sources are.
    """

    __slots__ = ("_run", "source")

    def __init__(self, source: str, run: Run) -> None:
        self.source = source
        self._run = run

    def evaluate(self, roots: Mapping[str, Any]) -> Any:
        """Return the value for these roots, JSON in and JSON out.

        Raises:
            ExpressionError: no value, or a limit was reached.
        """
        try:
            value = self._run(Scope(roots))
            size_of(value)
        except ExpressionError:
            raise
        except (ArithmeticError, ValueError) as error:
            # Numbers beyond a float or beyond Python's digits, from foreign JSON.
            raise ExpressionError(str(error)) from error
        return value

    def holds(self, roots: Mapping[str, Any]) -> bool:
        """Say whether the value counts as true; raises like ``evaluate``."""
        return is_truthy(self.evaluate(roots))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and self.source == other.source

    def __hash__(self) -> int:
        return hash(self.source)

    def __repr__(self) -> str:
        return f"Expression({self.source!r})"


def compile_expression(source: str, roots: Set[str] | None = None) -> Expression:
    """Read ``source``; with ``roots``, refuse names that are not among them.

    Raises:
        ExpressionError: not an expression, beyond a limit, or an unknown name.
    """
    parser = Parser(source)
    run = parser.parse()
    if roots is not None and (unknown := sorted(parser.roots - roots)):
        known = ", ".join(sorted(roots))
        raise ExpressionError(f"unknown name {unknown[0]}, expected one of {known}")
    return Expression(source, run)
