"""JSON with placeholders in its texts, compiled once and rendered per step.

There are two ways to write them: ``${...}``, and in the linear dialects ``${{...}}``
or ``{{...}}``, where the expression may begin with a dot. A text that is one
placeholder and nothing else keeps the type of its value; mixed with other characters
it becomes a text. ``$${`` is a literal ``${``; so are ``$${{`` and ``\\{{`` for theirs.
"""

from collections.abc import Callable, Iterator, Mapping, Set
from typing import Any, NamedTuple

from apps.engine.expressions import (
    Expression,
    ExpressionError,
    compile_expression,
    text_of,
)
from apps.engine.expressions.values import size_of
from apps.engine.limits import NESTING_MAX, OUTPUT_CHARS_MAX

Roots = Mapping[str, Any]
Render = Callable[[Roots], Any]


Parts = list["str | Expression"]


class Syntax(NamedTuple):
    """How placeholders are written; a text without ``marker`` has none."""

    marker: str
    split: Callable[[str, Set[str] | None], Parts]


class Template:
    """Authored JSON, ready to be rendered. Equal when what was authored is."""

    __slots__ = ("_render", "authored")

    def __init__(self, authored: Any, render: Render | None) -> None:
        self.authored = authored
        self._render = render

    def render(self, roots: Roots) -> Any:
        """Return the JSON with every ``${...}`` replaced by its value.

        Values are shared with ``roots``, not copied: treat both as immutable.

        Raises:
            ExpressionError: an expression has no value, or the whole is too large.
        """
        if self._render is None:
            return self.authored
        value = self._render(roots)
        size_of(value)
        return value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Template) and self.authored == other.authored

    def __hash__(self) -> int:
        return hash(repr(self.authored))

    def __repr__(self) -> str:
        return f"Template({self.authored!r})"


def has_placeholder(authored: Any, syntax: Syntax) -> bool:
    """Say whether rendering would change ``authored``; true of broken ones, too."""
    try:
        return _compile(authored, None, 1, syntax) is not None
    except ExpressionError:
        return True


def compile_template(
    authored: Any, roots: Set[str] | None = None, syntax: Syntax | None = None
) -> Template:
    """Read every placeholder in the texts of ``authored``, at any depth.

    Without ``syntax`` they are written ``${...}``.

    Raises:
        ExpressionError: a placeholder is not closed or not an expression, a name is
            not among ``roots``, or the JSON nests beyond ``NESTING_MAX``.
    """
    return Template(authored, _compile(authored, roots, 1, syntax or DOLLAR))


def find_broken(
    authored: Any, roots: Set[str] | None, path: str, syntax: Syntax, depth: int = 1
) -> Iterator[tuple[str, str]]:
    """Yield path and message of every text in ``authored`` that does not compile."""
    if depth > NESTING_MAX:
        yield path, f"nested deeper than {NESTING_MAX} levels"
    elif isinstance(authored, dict):
        for key, part in authored.items():
            yield from find_broken(part, roots, f"{path}.{key}", syntax, depth + 1)
    elif isinstance(authored, list | tuple):
        for index, part in enumerate(authored):
            where = f"{path}[{index}]"
            yield from find_broken(part, roots, where, syntax, depth + 1)
    else:
        try:
            _compile(authored, roots, depth, syntax)
        except ExpressionError as error:
            yield path, str(error)


def _compile(
    authored: Any, roots: Set[str] | None, depth: int, syntax: Syntax
) -> Render | None:
    """Return how to render ``authored``, or None when it never changes."""
    if depth > NESTING_MAX:
        raise ExpressionError(f"nested deeper than {NESTING_MAX} levels")
    if isinstance(authored, str):
        has_marker = syntax.marker in authored
        return _compile_text(authored, roots, syntax) if has_marker else None
    if isinstance(authored, dict):
        fields = {
            key: _compile(part, roots, depth + 1, syntax)
            for key, part in authored.items()
        }
        if all(render is None for render in fields.values()):
            return None
        return lambda values: {
            key: part if (render := fields[key]) is None else render(values)
            for key, part in authored.items()
        }
    if isinstance(authored, list | tuple):
        items = [_compile(part, roots, depth + 1, syntax) for part in authored]
        if all(render is None for render in items):
            return None
        return lambda values: [
            part if render is None else render(values)
            for part, render in zip(authored, items, strict=True)
        ]
    return None


def _compile_text(authored: str, roots: Set[str] | None, syntax: Syntax) -> Render:
    trimmed = syntax.split(authored.strip(), roots)
    if len(trimmed) == 1 and isinstance(trimmed[0], Expression):
        return trimmed[0].evaluate
    parts = syntax.split(authored, roots)

    def render(values: Roots) -> str:
        texts: list[str] = []
        length = 0
        for part in parts:
            text = part if isinstance(part, str) else text_of(part.evaluate(values))
            length += len(text)
            if length > OUTPUT_CHARS_MAX:
                raise ExpressionError(f"larger than {OUTPUT_CHARS_MAX} characters")
            texts.append(text)
        return "".join(texts)

    return render


def _split(authored: str, roots: Set[str] | None) -> Parts:
    parts: Parts = []
    literal, position = "", 0
    while (start := authored.find("${", position)) >= 0:
        if start > position and authored[start - 1] == "$":
            literal += authored[position : start - 1] + "${"
            position = start + 2
            continue
        literal += authored[position:start]
        if literal:
            parts.append(literal)
        end = _closing(authored, start + 2, "}", "${")
        parts.append(compile_expression(authored[start + 2 : end], roots))
        literal, position = "", end + 1
    literal += authored[position:]
    if literal:
        parts.append(literal)
    return parts


def _split_braces(authored: str, roots: Set[str] | None) -> Parts:
    parts: Parts = []
    literal, position = "", 0
    while (start := authored.find("{{", position)) >= 0:
        before = authored[position:start]
        escaped = next((mark for mark in ("$$", "\\") if before.endswith(mark)), "")
        if escaped:
            shown = "${{" if escaped == "$$" else "{{"
            literal += before.removesuffix(escaped) + shown
            position = start + 2
            continue
        literal += before.removesuffix("$")
        if literal:
            parts.append(literal)
        end = _closing(authored, start + 2, "}}", "{{")
        source = authored[start + 2 : end].strip()
        dotted = source.startswith(".")
        parts.append(compile_expression(source[1:] if dotted else source, roots))
        literal, position = "", end + 2
    literal += authored[position:]
    if literal:
        parts.append(literal)
    return parts


def _closing(authored: str, position: int, closing: str, opening: str) -> int:
    """Return where the placeholder ends; a brace inside a string does not end it."""
    quote = ""
    while position < len(authored):
        sign = authored[position]
        if quote:
            if sign == "\\":
                position += 1
            elif sign == quote:
                quote = ""
        elif sign in "\"'":
            quote = sign
        elif authored.startswith(closing, position):
            return position
        position += 1
    raise ExpressionError(f"a {opening} is never closed")


#: ``${...}``, of workflows.
DOLLAR = Syntax("${", _split)
#: ``${{...}}`` and ``{{...}}``, of the linear dialects.
BRACES = Syntax("{{", _split_braces)
