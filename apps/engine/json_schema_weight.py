"""What a JSON Schema costs: its parts, with every reference followed.

A reference may stand in many places, and what it leads to holds references in turn,
so a short text can ask for a billion checks. The weight is counted before anything
is compiled.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from apps.engine.limits import (
    SCHEMA_DEPTH_MAX,
    SCHEMA_PARTS_MAX,
    SCHEMA_PATTERN_PARTS,
)

_NAMED: Final = frozenset(
    {"properties", "patternProperties", "dependentSchemas", "dependencies"}
)
_SINGLE_OR_LISTED: Final = frozenset(
    {"allOf", "anyOf", "oneOf", "prefixItems", "items", "additionalItems"}
    | {"not", "if", "then", "else", "contains", "propertyNames", "contentSchema"}
    | {"additionalProperties", "unevaluatedItems", "unevaluatedProperties"}
)
_NO_REFERENCES: Final = frozenset({"$dynamicRef", "$recursiveRef"})
_HERE: Final = "expected a reference inside the schema, such as #/$defs/name"


class SchemaRefused(ValueError):
    """The schema asks for more than it may; the text says where and what."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}" if path else message)


class Weight(NamedTuple):
    """Parts and levels, references followed, and whether any part has alternatives."""

    parts: int
    depth: int
    alternatives: bool = False


def weigh_schema(schema: Mapping[str, Any]) -> Weight:
    """Return what ``schema`` weighs where it is used.

    Raises:
        SchemaRefused: it refers to itself or to another document, or is too large or
            too deep.
    """
    return _Scale(schema).weigh(schema, "", 1)


class _Scale:
    """One weighing; what was weighed once is not walked again."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._known: dict[int, Weight] = {}
        self._under_way: set[int] = set()

    def weigh(self, part: Any, path: str, depth: int) -> Weight:
        """Return the weight of ``part``, which stands ``depth`` levels deep."""
        if not isinstance(part, dict):
            return Weight(1, 1)
        known = self._known.get(id(part))
        if depth + (known.depth if known else 0) > SCHEMA_DEPTH_MAX:
            raise SchemaRefused(path, f"nested deeper than {SCHEMA_DEPTH_MAX} levels")
        if known:
            return known
        if id(part) in self._under_way:
            raise SchemaRefused(path, "the schema refers to itself")
        self._under_way.add(id(part))
        parts, below = self._own_parts(part, path), 0
        alternatives = "anyOf" in part or "oneOf" in part
        for where, child in self._children(part, path):
            weight = self.weigh(child, where, depth + 1)
            parts += weight.parts
            below = max(below, weight.depth)
            alternatives |= weight.alternatives
        if parts > SCHEMA_PARTS_MAX:
            raise SchemaRefused(path, f"more than {SCHEMA_PARTS_MAX} parts")
        self._under_way.remove(id(part))
        self._known[id(part)] = Weight(parts, below + 1, alternatives)
        return self._known[id(part)]

    def _own_parts(self, part: Mapping[str, Any], path: str) -> int:
        for key in _NO_REFERENCES & part.keys():
            raise SchemaRefused(_at(path, key), _HERE)
        if part is not self._root and isinstance(part.get("$id"), str):
            raise SchemaRefused(_at(path, "$id"), "only the whole schema has an $id")
        patterns = int("pattern" in part) + _count(part.get("patternProperties"))
        return (
            1
            + patterns * SCHEMA_PATTERN_PARTS
            + _count(part.get("enum"))
            + _count(part.get("required"))
        )

    def _children(
        self, part: Mapping[str, Any], path: str
    ) -> Iterator[tuple[str, Any]]:
        if "$ref" in part:
            reference = part["$ref"]
            target = self._target(reference, _at(path, "$ref"))
            yield reference[2:].replace("/", "."), target
        for key, value in part.items():
            where = _at(path, key)
            if key in _NAMED and isinstance(value, dict):
                yield from ((_at(where, name), child) for name, child in value.items())
            elif key in _SINGLE_OR_LISTED and isinstance(value, list):
                yield from ((f"{where}[{n}]", child) for n, child in enumerate(value))
            elif key in _SINGLE_OR_LISTED:
                yield where, value

    def _target(self, reference: Any, path: str) -> Any:
        if not isinstance(reference, str) or reference[:2] not in ("#", "#/"):
            raise SchemaRefused(path, _HERE)
        target: Any = self._root
        for name in unquote(reference[1:]).split("/")[1:]:
            key = name.replace("~1", "/").replace("~0", "~")
            if isinstance(target, dict) and key in target:
                target = target[key]
            elif (
                isinstance(target, list) and key.isdecimal() and int(key) < len(target)
            ):
                target = target[int(key)]
            else:
                raise SchemaRefused(path, f"there is no {reference}")
        return target


def _count(listed: Any) -> int:
    return len(listed) if isinstance(listed, list | dict) else 0


def _at(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
