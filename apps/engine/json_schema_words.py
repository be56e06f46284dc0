"""What a JSON Schema expected, in words: findings of the library to problems."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from jsonschema_rs import ValidationError

from apps.engine.limits import SCHEMA_CHOICES_NAMED_MAX, SCHEMA_QUOTED_CHARS_MAX
from apps.engine.spec import Problem

_TYPES: Final = {
    "string": "a string",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "an object",
    "array": "an array",
    "null": "null",
}
_FORMATS: Final = {
    "date": "a date such as 2026-03-02",
    "date-time": "an instant such as 2026-03-02T09:00:00Z",
    "time": "a time such as 09:00:00Z",
    "duration": "a duration such as P1DT2H",
    "email": "an email address",
    "idn-email": "an email address",
    "uri": "an address such as https://example.com/page",
    "iri": "an address such as https://example.com/page",
    "hostname": "a host name",
    "ipv4": "an IPv4 address",
    "ipv6": "an IPv6 address",
    "uuid": "a UUID",
    "regex": "a short regular expression without look-around and back-references",
}
_EXPECTED: Final = "expected "


def problems_of(error: ValidationError) -> Iterator[Problem]:
    """Yield what ``error`` says; one that names several fields is one problem each."""
    path = error.instance_path
    facts = error.kind.as_dict()
    match error.kind.name:
        case "required":
            yield Problem(path_text([*path, facts["property"]]), "required")
        case "additionalProperties" | "unevaluatedProperties":
            for name in facts["unexpected"]:
                yield Problem(path_text([*path, name]), "unknown field")
        case "falseSchema" if error.schema_path[-1:] == ["additionalProperties"]:
            yield Problem(path_text(path), "expected an object without fields")
        case kind:
            where = path_text(path)
            yield Problem(where, _message(where, kind, facts))


def path_text(path: Sequence[str | int]) -> str:
    """Return a path as problems write it: ``items[2].price``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def _message(path: str, kind: str, facts: Mapping[str, Any]) -> str:
    if kind in ("anyOf", "oneOf"):
        return _alternatives(path, facts["context"])
    write = _WORDS.get(kind)
    return write(facts) if write else f"does not hold what {kind} asks for"


def _types(facts: Mapping[str, Any]) -> str:
    # A library that names them in no fixed order must not change our texts.
    named = [words for name, words in _TYPES.items() if name in facts["types"]]
    return _EXPECTED + " or ".join(named)


def _enum(facts: Mapping[str, Any]) -> str:
    options = facts["options"]
    named = ", ".join(_quoted(one) for one in options[:SCHEMA_CHOICES_NAMED_MAX])
    more = len(options) - SCHEMA_CHOICES_NAMED_MAX
    return f"expected one of {named}" + (f" and {more} more" if more > 0 else "")


def _quoted(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    cut = len(text) > SCHEMA_QUOTED_CHARS_MAX
    return f"{text[:SCHEMA_QUOTED_CHARS_MAX]}..." if cut else text


def _counted(bound: str, one: str, many: str) -> Callable[[Mapping[str, Any]], str]:
    def write(facts: Mapping[str, Any]) -> str:
        return f"expected at {bound} {facts['limit']} " + (
            one if facts["limit"] == 1 else many
        )

    return write


def _alternatives(path: str, forms: Sequence[Sequence[ValidationError]]) -> str:
    """Return ``expected this or that`` where each form has one plain wish."""
    if not all(forms):
        return "fits several forms that exclude each other"
    wishes: list[str] = []
    for errors in forms:
        found = [problem for error in errors for problem in problems_of(error)]
        if len(found) != 1 or not found[0].message.startswith(_EXPECTED):
            return f"fits none of the {len(forms)} allowed forms"
        where, message = found[0]
        wish = message.removeprefix(_EXPECTED)
        wishes.append(wish if where == path else f"{wish} in {where}")
    return _EXPECTED + " or ".join(dict.fromkeys(wishes))


_WORDS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "type": _types,
    "enum": _enum,
    "const": lambda facts: f"expected {_quoted(facts['expected_value'])}",
    "minimum": lambda facts: f"expected at least {facts['limit']}",
    "maximum": lambda facts: f"expected at most {facts['limit']}",
    "exclusiveMinimum": lambda facts: f"expected more than {facts['limit']}",
    "exclusiveMaximum": lambda facts: f"expected less than {facts['limit']}",
    "multipleOf": lambda facts: f"expected a multiple of {facts['multiple_of']}",
    "minLength": _counted("least", "character", "characters"),
    "maxLength": _counted("most", "character", "characters"),
    "minItems": _counted("least", "entry", "entries"),
    "maxItems": _counted("most", "entry", "entries"),
    "minProperties": _counted("least", "field", "fields"),
    "maxProperties": _counted("most", "field", "fields"),
    "uniqueItems": lambda facts: "expected entries that differ from each other",
    "contains": lambda facts: "too few or too many entries fit what contains asks for",
    "pattern": lambda facts: f"expected a text that fits {_quoted(facts['pattern'])}",
    "format": lambda facts: (
        _EXPECTED + _FORMATS.get(facts["format"], f"the format {facts['format']}")
    ),
    "not": lambda facts: "has a form that is excluded",
    "propertyNames": lambda facts: (
        "a name of a field: " + next(problems_of(facts["error"])).message
    ),
    "additionalItems": lambda facts: "expected no further entries",
    "unevaluatedItems": lambda facts: "expected no further entries",
    "falseSchema": lambda facts: "must not be given",
}
