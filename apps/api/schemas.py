"""Words for JSON Schemas: what requests and answers of the API look like.

A schema is a plain dictionary. ``record`` is an object that we send, ``body`` one that
is sent to us, which is closed: ``Body`` refuses every other field. Each value carries
an example, of which examples of whole requests and answers are made (``example_of``).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from apps.api.tags import TAG_FILTERS_MAX
from apps.kernel.ids import IdKind

Schema = dict[str, Any]

_SUFFIX: Final = "01kb3v5q0dfx8ptfsywhd9c2ba"
INSTANT_EXAMPLE: Final = "2026-11-27T09:30:00.000000Z"
#: The field by which pages are told from other lists.
NEXT_CURSOR: Final = "next_cursor"
#: Where a schema of this name stands in the document.
_PLACE: Final = "#/components/schemas/"


def text(
    about: str = "",
    example: str = "",
    *,
    choices: Sequence[str] = (),
    **limits: Any,
) -> Schema:
    """Return a string; ``limits`` are JSON Schema's: maxLength, pattern, format …"""
    schema: Schema = {"type": "string"}
    if choices:
        schema["enum"] = [str(choice) for choice in choices]
    return _told({**schema, **limits}, about, example or None)


def identifier(kind: IdKind, about: str = "") -> Schema:
    """Return an id that we handed out."""
    pattern = f"^{kind.value}_[0-9a-z]+$"
    return text(about, id_example(kind), pattern=pattern)


def id_example(kind: IdKind) -> str:
    """Return what an id of this kind looks like."""
    return f"{kind.value}_{_SUFFIX}"


def instant(about: str = "") -> Schema:
    """Return an instant: RFC 3339, UTC."""
    return text(about, INSTANT_EXAMPLE, format="date-time")


def whole(about: str = "", example: int = 1, **limits: Any) -> Schema:
    """Return a whole number; ``limits`` are minimum and maximum."""
    return _told({"type": "integer", **limits}, about, example)


def number(about: str = "", example: float = 1.5, **limits: Any) -> Schema:
    """Return any number."""
    return _told({"type": "number", **limits}, about, example)


def flag(about: str = "", example: bool = True) -> Schema:
    """Return true or false."""
    return _told({"type": "boolean"}, about, example)


def anything(about: str = "", example: Any = None) -> Schema:
    """Return any JSON value."""
    return _told({}, about, {"pages": 3} if example is None else example)


def mapping(
    about: str = "", example: Any = None, *, values: Schema | None = None, **limits: Any
) -> Schema:
    """Return an object with any names in it; ``values`` are what stands under them."""
    schema: Schema = {"type": "object", "additionalProperties": values or True}
    return _told({**schema, **limits}, about, {} if example is None else example)


def listing(items: Schema, about: str = "", **limits: Any) -> Schema:
    """Return an array."""
    return _told({"type": "array", "items": items, **limits}, about, None)


def ref(name: str, about: str = "") -> Schema:
    """Return the schema of this name."""
    return _told({"$ref": _PLACE + name}, about, None)


def nullable(schema: Schema) -> Schema:
    """Return ``schema`` with null besides."""
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def either(*schemas: Schema, about: str = "", example: Any = None) -> Schema:
    """Return what fits at least one of ``schemas``."""
    return _told({"anyOf": list(schemas)}, about, example)


def record(
    about: str,
    always: Mapping[str, Schema],
    sometimes: Mapping[str, Schema] | None = None,
    example: Any = None,
) -> Schema:
    """Return an object that we send; what has no value is left out, never null."""
    schema = {
        "type": "object",
        "required": list(always),
        "properties": {**always, **(sometimes or {})},
    }
    return _told(schema, about, example)


def body(
    about: str,
    required: Mapping[str, Schema] | None = None,
    optional: Mapping[str, Schema] | None = None,
    example: Any = None,
    **limits: Any,
) -> Schema:
    """Return an object that is sent to us. Every field that is not here is refused."""
    schema: Schema = {"type": "object", "additionalProperties": False}
    if required:
        schema["required"] = list(required)
    schema["properties"] = {**(required or {}), **(optional or {})}
    return _told({**schema, **limits}, about, example)


def page_of(name: str) -> Schema:
    """Return one page of a list, newest first."""
    return record(
        "One page. Pass `next_cursor` as `cursor` to get the next.",
        {"items": listing(ref(name)), "has_more": flag("More follow.")},
        {NEXT_CURSOR: text("Absent on the last page; opaque.", "WyIyMDI2LTExLTI3Il0")},
    )


def tag_filter() -> Schema:
    """Return the parameter of a list that filters by tags and may be repeated."""
    return listing(
        text("", "team:web", pattern="^[^:]"),
        "`key`, `key:value` or `key:one,other`; repeated, all of them have to fit.",
        maxItems=TAG_FILTERS_MAX,
    )


def example_of(schema: Schema, named: Mapping[str, Schema]) -> Any:
    """Return an example of ``schema``: the given one, else one made of its parts."""
    if schema.get("examples"):
        return schema["examples"][0]
    for word in ("const", "default"):
        if word in schema:
            return schema[word]
    if schema.get("enum"):
        return schema["enum"][0]
    if "$ref" in schema:
        return example_of(named[schema["$ref"].removeprefix(_PLACE)], named)
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            return example_of(schema[word][0], named)
    if "properties" in schema:
        closed = schema.get("additionalProperties") is False
        shown = schema.get("required", []) if closed else schema["properties"]
        return {name: example_of(schema["properties"][name], named) for name in shown}
    if "items" in schema:
        return [example_of(schema["items"], named)]
    return "text" if schema.get("type") == "string" else None


def _told(schema: Schema, about: str, example: Any) -> Schema:
    told = {**schema, **({"description": about} if about else {})}
    return told if example is None else {**told, "examples": [example]}
