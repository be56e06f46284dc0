"""Tokens to a function of a scope: a Pratt parser that compiles as it reads.

ternary   c ? a : b
binary    || && == != < <= > >= in + - * / %      (loosest first)
unary     ! -
postfix   .name  [index]  .function(...)
primary   literal  root  function(...)  [list]  (expression)
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from apps.engine.expressions.errors import ExpressionError
from apps.engine.expressions.functions import FUNCTIONS
from apps.engine.expressions.lexing import Token, read_tokens
from apps.engine.expressions.operators import BINARY, Operator, member
from apps.engine.expressions.values import (
    Scope,
    checked_number,
    is_number,
    is_truthy,
    kind_of,
)
from apps.engine.limits import EXPRESSION_NESTING_MAX

Run = Callable[[Scope], Any]

_OR, _AND = 1, 2


class Node(NamedTuple):
    """A compiled part, and how deep it nests."""

    run: Run
    depth: int = 1


class Parser:
    """Reads one expression; ``roots`` collects the names it asks for."""

    def __init__(self, source: str) -> None:
        self._tokens = read_tokens(source)
        self._next = 0
        self._nesting = 0
        self.roots: set[str] = set()

    def parse(self) -> Run:
        """Return the whole source, compiled; ``ExpressionError`` if it is not one."""
        if self._peek().kind == "end":
            raise ExpressionError("the expression is empty")
        node = self._expression()
        if self._peek().kind != "end":
            raise self._unexpected()
        return node.run

    def _expression(self) -> Node:
        self._nesting += 1
        if self._nesting > EXPRESSION_NESTING_MAX:
            raise _too_deep()
        condition = self._binary(0)
        if self._accept("?"):
            yes = self._expression()
            self._expect(":")
            condition = _choice(condition, yes, self._expression())
        self._nesting -= 1
        return condition

    def _binary(self, power: int) -> Node:
        left = self._unary()
        while True:
            sign = self._peek()
            if sign.kind != "operator":
                return left
            if sign.text == "||" and power < _OR:
                self._next += 1
                left = _either(left, self._binary(_OR))
            elif sign.text == "&&" and power < _AND:
                self._next += 1
                left = _both(left, self._binary(_AND))
            elif sign.text in BINARY and power < BINARY[sign.text][0]:
                self._next += 1
                binds, operator = BINARY[sign.text]
                left = _apply(operator, left, self._binary(binds))
            else:
                return left

    def _unary(self) -> Node:
        signs: list[str] = []
        while self._peek().text in ("!", "-") and self._peek().kind == "operator":
            signs.append(self._peek().text)
            self._next += 1
        node = self._postfix(self._primary())
        for sign in reversed(signs):
            node = _not(node) if sign == "!" else _negative(node)
        return node

    def _postfix(self, node: Node) -> Node:
        keys: list[Node] = []
        while True:
            if self._accept("."):
                name = self._field_name()
                if self._accept("("):
                    receiver = _path(node, keys)
                    node, keys = self._call(name, [receiver]), []
                else:
                    keys.append(_constant(name.text))
            elif self._accept("["):
                keys.append(self._expression())
                self._expect("]")
            else:
                return _path(node, keys)

    def _primary(self) -> Node:
        token = self._peek()
        self._next += 1
        if token.kind == "value":
            return _constant(token.value)
        if token.kind == "name":
            if self._accept("("):
                return self._call(token, [])
            self.roots.add(token.text)
            return _root(token.text)
        if token.kind == "operator" and token.text == "(":
            node = self._expression()
            self._expect(")")
            return node
        if token.kind == "operator" and token.text == "[":
            return _listing(self._list_until("]"))
        self._next -= 1
        raise self._unexpected()

    def _call(self, name: Token, given: list[Node]) -> Node:
        function = FUNCTIONS.get(name.text)
        if function is None:
            raise ExpressionError(f"unknown function {name.text}")
        arguments = [*given, *self._list_until(")")]
        wanted, got = function.arguments, len(arguments)
        if got != wanted:
            raise ExpressionError(f"{name.text} takes {wanted} arguments, not {got}")
        return _called(function.call, arguments)

    def _list_until(self, closing: str) -> list[Node]:
        nodes: list[Node] = []
        while not self._accept(closing):
            if nodes:
                self._expect(",")
            nodes.append(self._expression())
        return nodes

    def _field_name(self) -> Token:
        token = self._peek()
        if not token.text.isidentifier():
            raise self._unexpected()
        self._next += 1
        return token

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _accept(self, text: str) -> bool:
        token = self._peek()
        if token.kind != "operator" or token.text != text:
            return False
        self._next += 1
        return True

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            found = self._peek()
            raise ExpressionError(
                f"expected {text!r} at position {found.at}, found {found.text}"
            )

    def _unexpected(self) -> ExpressionError:
        token = self._peek()
        return ExpressionError(f"unexpected {token.text} at position {token.at}")


def _node(run: Run, *parts: Node) -> Node:
    depth = 1 + max((part.depth for part in parts), default=0)
    if depth > EXPRESSION_NESTING_MAX:
        raise _too_deep()
    return Node(run, depth)


def _too_deep() -> ExpressionError:
    return ExpressionError(f"nested deeper than {EXPRESSION_NESTING_MAX} levels")


def _constant(value: Any) -> Node:
    return Node(lambda scope: value)


def _root(name: str) -> Node:
    def run(scope: Scope) -> Any:
        scope.spend(1)
        if name not in scope.roots:
            raise ExpressionError(f"unknown name {name}")
        return scope.roots[name]

    return Node(run)


def _path(base: Node, keys: Sequence[Node]) -> Node:
    """A chain of any length is one node: it is walked, not descended into."""
    if not keys:
        return base
    reads, start = [key.run for key in keys], base.run

    def run(scope: Scope) -> Any:
        scope.spend(len(reads))
        value = start(scope)
        for read in reads:
            value = member(value, read(scope))
        return value

    return _node(run, base, *keys)


def _called(call: Callable[..., Any], arguments: Sequence[Node]) -> Node:
    reads = [argument.run for argument in arguments]

    def run(scope: Scope) -> Any:
        scope.spend(1)
        return call(scope, *[read(scope) for read in reads])

    return _node(run, *arguments)


def _listing(items: Sequence[Node]) -> Node:
    reads = [item.run for item in items]

    def run(scope: Scope) -> Any:
        scope.spend(len(reads))
        return [read(scope) for read in reads]

    return _node(run, *items)


def _apply(operator: Operator, left: Node, right: Node) -> Node:
    def run(scope: Scope) -> Any:
        scope.spend(1)
        return operator(scope, left.run(scope), right.run(scope))

    return _node(run, left, right)


def _both(left: Node, right: Node) -> Node:
    return _node(
        lambda scope: is_truthy(left.run(scope)) and is_truthy(right.run(scope)),
        left,
        right,
    )


def _either(left: Node, right: Node) -> Node:
    return _node(
        lambda scope: is_truthy(left.run(scope)) or is_truthy(right.run(scope)),
        left,
        right,
    )


def _choice(condition: Node, yes: Node, no: Node) -> Node:
    return _node(
        lambda scope: (yes if is_truthy(condition.run(scope)) else no).run(scope),
        condition,
        yes,
        no,
    )


def _not(node: Node) -> Node:
    return _node(lambda scope: not is_truthy(node.run(scope)), node)


def _negative(node: Node) -> Node:
    def run(scope: Scope) -> Any:
        value = node.run(scope)
        if not is_number(value):
            raise ExpressionError(f"no - before {kind_of(value)}")
        return checked_number(-value)

    return _node(run, node)
