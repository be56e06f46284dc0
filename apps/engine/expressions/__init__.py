"""Conditions and the inside of ``${...}``: a small language without side effects.

Owns     lexical rules, grammar, operators and functions of expressions.
Imports  ``apps.engine.limits`` and the standard library.
Promises evaluation ends within named limits, reads nothing but the roots it is
         given, and fails with ``ExpressionError`` only.
"""

from apps.engine.expressions.errors import ExpressionError
from apps.engine.expressions.expression import Expression, compile_expression
from apps.engine.expressions.values import is_truthy, text_of

__all__ = [
    "Expression",
    "ExpressionError",
    "compile_expression",
    "is_truthy",
    "text_of",
]
