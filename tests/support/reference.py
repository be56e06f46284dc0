"""The reference as a judge: whether an answer is one that it promises.

Every call of ``Api`` and ``Remote`` is judged, so the whole suite checks the reference.
Objects are closed for that: a field that the reference does not know is a fault.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import jsonschema_rs
import orjson

from apps.reference.contract import contract_as_json

METHODS = ("get", "post", "put", "patch", "delete")
#: Told once for the whole API, in the introduction.
EVERYWHERE = {405}


@cache
def contract() -> dict[str, Any]:
    """The document as it is committed."""
    return dict(orjson.loads(contract_as_json()))


@cache
def closed_contract() -> dict[str, Any]:
    """The same, with every object closed."""
    return dict(_closed(contract()))


def judge_answer(
    method: str, path: str, status: int, media: str | None, body: Any
) -> None:
    """Fail unless the reference says that this request can be answered like this.

    Paths outside of the API are nobody's promise.
    """
    template = template_of(method, path)
    if template is None or status in EVERYWHERE:
        return
    where = f"{method.upper()} {template}: {status}"
    responses = closed_contract()["paths"][template][method.lower()]["responses"]
    assert str(status) in responses, f"{where} is not in the reference: {body}"
    content = resolved(responses[str(status)]).get("content", {})
    if not body and (not content or status == 200):
        return  # Slack is answered with nothing
    plain = (media or "").partition(";")[0]
    assert plain in content, f"{where} is {plain}, the reference has {[*content]}"
    pointer = f"{template} {method.lower()} {status} {plain}"
    problems = [
        f"{'.'.join(map(str, error.instance_path))}: {error.message}"
        for error in validator(pointer).iter_errors(body)
    ]
    assert problems == [], f"{where}: {problems[:5]}\n{body}"


def template_of(method: str, path: str) -> str | None:
    """The path of the reference that a request's path is one of."""
    bare = path.partition("?")[0]
    for template, pattern in _patterns():
        if pattern.fullmatch(bare) and method.lower() in contract()["paths"][template]:
            return template
    return None


def resolved(part: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference points to; anything else as it is."""
    found: Any = part
    while "$ref" in found:
        place = found["$ref"].removeprefix("#/").split("/")
        found = closed_contract()
        for name in place:
            found = found[name]
    return dict(found)


@cache
def validator(pointer: str) -> Any:
    """A validator of one answer; ``pointer`` is path, method, status, media type."""
    template, method, status, media = pointer.split(" ")
    operation = closed_contract()["paths"][template][method]
    response = resolved(operation["responses"][status])
    return validator_of(response["content"][media]["schema"])


def validator_of(schema: Mapping[str, Any]) -> Any:
    """A validator of a schema that stands in the document."""
    whole = {**schema, "components": closed_contract()["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Those without parameters first."""
    paths = sorted(contract()["paths"], key=lambda path: path.count("{"))
    return [(path, re.compile(re.sub(r"{\w+}", "[^/]+", path))) for path in paths]


def _closed(part: Any, within_all: bool = False) -> Any:
    if isinstance(part, list):
        return [_closed(each, within_all) for each in part]
    if not isinstance(part, dict):
        return part
    closed = {
        name: value
        if name in ("example", "examples")
        else _closed(value, name == "allOf")
        for name, value in part.items()
    }
    is_schema = isinstance(part.get("properties"), dict) and "type" in part
    if is_schema and part["type"] == "object" and not within_all:
        closed.setdefault("additionalProperties", False)
    return closed
