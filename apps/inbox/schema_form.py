"""Pure: from a JSON Schema to the fields of a form.

Objects become fieldsets; texts, numbers, yes and no, choices and dates become fields
of their own. Everything else is one field for JSON: there is no schema that cannot be
answered. The schema itself judges the answer, so what is not drawn here still holds.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from apps.inbox.fields import Choice, Field, Fieldset, as_json_text, as_text
from apps.inbox.reading import ABSENT

DEPTH_MAX: Final = 4
FIELDS_MAX: Final = 200
#: So many options are shown at once; more go into a list that opens.
RADIOS_MAX: Final = 5
LINE_MAX: Final = 120

_FORMATS: Final[Mapping[str, str]] = {
    "date": "date",
    "date-time": "instant",
    "email": "email",
    "uri": "url",
}
#: What makes a schema say more than a list of properties can show.
_NOT_DRAWN: Final = ("$ref", "anyOf", "oneOf", "allOf", "not", "if")

Schema = Mapping[str, Any]


def fieldset_of(schema: Schema) -> Fieldset:
    """Return the form of a schema: its properties, or one field for JSON."""
    if _is_object(schema) and _count(schema) <= FIELDS_MAX:
        return _fieldset(schema, "", "", required=True, depth=0, default=ABSENT)
    whole = _json_field(schema, "", "", required=True, default=ABSENT)
    whole.label = "Your answer, as JSON"
    return Fieldset("", "", members=[whole])


def is_whole(form: Fieldset) -> bool:
    """Say whether the form is one field that holds the whole answer."""
    return len(form.members) == 1 and not form.members[0].path


def _fieldset(
    schema: Schema, path: str, key: str, *, required: bool, depth: int, default: Any
) -> Fieldset:
    needed = schema.get("required")
    needed = needed if isinstance(needed, list) else []
    given = schema.get("default", default)
    given = given if isinstance(given, Mapping) else {}
    found = Fieldset(
        path,
        key,
        legend=_title(schema, key),
        help=as_text(schema.get("description")),
        required=required,
    )
    for name in _order(schema, needed):
        part = schema["properties"][name]
        inner = f"{path}.{name}" if path else name
        must = required and name in needed
        default_ = given.get(name, ABSENT)
        if isinstance(part, Mapping) and _is_object(part) and depth < DEPTH_MAX:
            member: Field | Fieldset = _fieldset(
                part, inner, name, required=must, depth=depth + 1, default=default_
            )
        else:
            one = part if isinstance(part, Mapping) else {}
            member = _field(one, inner, name, required=must, default=default_)
        found.members.append(member)
    return found


def _field(
    schema: Schema, path: str, key: str, *, required: bool, default: Any
) -> Field:
    given = schema.get("default", default)
    if "const" in schema and schema["const"] is not True:
        field = _plain(schema, path, key, "constant", required)
        field.constant, field.text = schema["const"], as_text(schema["const"])
        return field
    options = _options(schema)
    if options:
        kind = "radios" if len(options) <= RADIOS_MAX else "select"
        return _chooser(schema, path, key, kind, options, required, given)
    type_ = _type(schema)
    items = schema.get("items")
    if type_ == "array" and isinstance(items, Mapping) and _options(items):
        many = _options(items)
        return _chooser(schema, path, key, "checkboxes", many, required, given)
    if type_ == "boolean" or schema.get("const") is True:
        field = _plain(schema, path, key, "checkbox", required=False)
        field.required = schema.get("const") is True and required
        field.chosen = ["on"] if given is True else []
        return field
    kind = _kind(schema, type_)
    if kind == "json":
        return _json_field(schema, path, key, required=required, default=default)
    field = _plain(schema, path, key, kind, required)
    field.text = as_text(given)
    if kind == "instant":
        field.text = field.text.removesuffix("Z")[:16]
        field.help = " ".join(filter(None, [field.help, "In UTC."]))
    return field


def _plain(schema: Schema, path: str, key: str, kind: str, required: bool) -> Field:
    examples = schema.get("examples")
    example = examples[0] if isinstance(examples, list) and examples else ""
    return Field(
        path,
        key,
        kind,
        label=_title(schema, key),
        help=as_text(schema.get("description")),
        required=required,
        placeholder=as_text(example),
    )


def _json_field(
    schema: Schema, path: str, key: str, *, required: bool, default: Any
) -> Field:
    field = _plain(schema, path, key, "json", required)
    field.text = as_json_text(schema.get("default", default))
    field.help = " ".join(filter(None, [field.help, "As JSON."]))
    return field


def _chooser(
    schema: Schema,
    path: str,
    key: str,
    kind: str,
    options: list[Choice],
    required: bool,
    given: Any,
) -> Field:
    field = _plain(schema, path, key, kind, required)
    field.choices = options
    wanted = given if kind == "checkboxes" and isinstance(given, list) else [given]
    field.chosen = [c.key for c in options if any(_same(c.value, w) for w in wanted)]
    return field


def _order(schema: Schema, needed: list[Any]) -> list[str]:
    """Return the names of the properties as they are shown.

    Stored objects have lost the order in which they were written, lists have not:
    ``x-order`` says it, else what is required comes first, as it is listed.
    """
    names = list(schema["properties"])
    wanted = schema.get("x-order")
    wanted = wanted if isinstance(wanted, list) else needed
    first = [name for name in dict.fromkeys(map(str, wanted)) if name in names]
    return first + [name for name in names if name not in first]


def _options(schema: Schema) -> list[Choice]:
    """Return the options of an ``enum``, or of ``oneOf`` constants with titles."""
    values = schema.get("enum")
    if isinstance(values, list) and values:
        return [
            Choice(str(place), value, _label(value))
            for place, value in enumerate(values)
        ]
    parts = schema.get("oneOf")
    if isinstance(parts, list) and parts:
        if not all(isinstance(part, Mapping) and "const" in part for part in parts):
            return []
        return [
            Choice(
                str(place),
                part["const"],
                as_text(part.get("title")) or _label(part["const"]),
                as_text(part.get("description")),
            )
            for place, part in enumerate(parts)
        ]
    return []


def _kind(schema: Schema, type_: str) -> str:
    if any(word in schema for word in _NOT_DRAWN):
        return "json"
    if type_ == "integer":
        return "whole"
    if type_ == "number":
        return "number"
    if type_ != "string":
        return "json"
    kind = _FORMATS.get(as_text(schema.get("format")), "")
    longest = schema.get("maxLength")
    is_long = isinstance(longest, int | float) and longest > LINE_MAX
    return kind or ("textarea" if is_long else "text")


def _type(schema: Schema) -> str:
    """Return the one type of a schema; null beside it means that it may be absent."""
    types = schema.get("type")
    if isinstance(types, list):
        real = [each for each in types if each != "null"]
        types = real[0] if len(real) == 1 else ""
    return types if isinstance(types, str) else ""


def _is_object(schema: Schema) -> bool:
    """Say whether a fieldset can be made of it: names must not look like paths."""
    properties = schema.get("properties")
    return (
        _type(schema) in ("object", "")
        and isinstance(properties, Mapping)
        and bool(properties)
        and not any(mark in name for name in properties for mark in ".[")
        and not any(word in schema for word in ("$ref", "anyOf", "oneOf", "enum"))
    )


def _count(schema: Schema) -> int:
    parts = schema.get("properties")
    parts = parts if isinstance(parts, Mapping) else {}
    inner = [part for part in parts.values() if isinstance(part, Mapping)]
    return len(parts) + sum(_count(part) for part in inner if _is_object(part))


def _title(schema: Schema, key: str) -> str:
    words = key.replace("_", " ").replace("-", " ").strip()
    return as_text(schema.get("title")) or (words[:1].upper() + words[1:])


def _label(value: Any) -> str:
    return "none" if value is None else as_text(value)


def _same(one: Any, other: Any) -> bool:
    """Compare as JSON does: 1 and true are not the same."""
    if other is ABSENT:
        return False
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
