"""Source text to tokens."""

import re
from typing import Any, Final, NamedTuple

from apps.engine.expressions.errors import ExpressionError
from apps.engine.limits import NUMBER_MAX, SOURCE_CHARS_MAX


class Token(NamedTuple):
    """``kind`` is name, value, operator or end; ``at`` counts characters from 0."""

    kind: str
    text: str
    at: int
    value: Any = None


_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    | (?P<operator>&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()\[\]])
    )""",
    re.VERBOSE,
)
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES: Final = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "b": "\b",
    "f": "\f",
    "/": "/",
    "\\": "\\",
    '"': '"',
    "'": "'",
}
_CONSTANTS: Final = {"true": True, "false": False, "null": None, "nil": None}


def read_tokens(source: str) -> list[Token]:
    """Return the tokens of ``source``, closed by one of kind ``end``.

    Raises:
        ExpressionError: a character, number or string that has no place here, or
            a source beyond ``SOURCE_CHARS_MAX``.
    """
    if len(source) > SOURCE_CHARS_MAX:
        raise ExpressionError(
            f"an expression has at most {SOURCE_CHARS_MAX} characters"
        )
    end = len(source.rstrip())
    tokens: list[Token] = []
    position = 0
    while position < end:
        match = _TOKEN.match(source, position, end)
        if match is None:
            at = position + len(source[position:]) - len(source[position:].lstrip())
            raise ExpressionError(f"unexpected {source[at]!r} at position {at}")
        kind = str(match.lastgroup)
        tokens.append(_token(kind, match[kind], match.start(kind)))
        position = match.end()
    tokens.append(Token("end", "the end", end))
    return tokens


def _token(kind: str, text: str, at: int) -> Token:
    if kind == "number":
        return Token("value", text, at, _number(text))
    if kind == "string":
        return Token("value", text, at, _unescape(text[1:-1]))
    if kind == "name" and text in _CONSTANTS:
        return Token("value", text, at, _CONSTANTS[text])
    if text == "in":
        return Token("operator", text, at)
    return Token(kind, text, at)


def _number(text: str) -> int | float:
    if text.isdigit():
        # Length first: Python refuses to convert digits without end.
        if len(text) > 19 or int(text) > NUMBER_MAX:
            raise ExpressionError(f"the number {text[:24]} is too large")
        return int(text)
    number = float(text)
    if number == float("inf"):
        raise ExpressionError(f"the number {text[:24]} is too large")
    return number


def _unescape(body: str) -> str:
    return _ESCAPE.sub(_escaped, body) if "\\" in body else body


def _escaped(match: re.Match[str]) -> str:
    code = match[1]
    if len(code) == 5:
        point = int(code[1:], 16)
        if point == 0 or 0xD800 <= point <= 0xDFFF:
            raise ExpressionError(f"\\{code} is no character of a text")
        return chr(point)
    if code not in _ESCAPES:
        raise ExpressionError(f"unknown escape \\{code}")
    return _ESCAPES[code]
