"""JSON on the wire, and instants in it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from apps.api.body import invalid_field

#: Whole numbers that can be written as such.
_INTEGERS = range(-(2**63), 2**64)
#: Levels of nesting a request body may have; the renderer can do twice as many.
DEPTH_MAX = 100


def instant(value: datetime | None) -> str | None:
    """Return RFC 3339 in UTC with ``Z`` and microseconds; None stays None."""
    if value is None:
        return None
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def present(**fields: Any) -> dict[str, Any]:
    """Return the fields that have a value; absent beats null for strict clients."""
    return {name: value for name, value in fields.items() if value is not None}


def to_json(value: Any, *, sort_keys: bool = False) -> bytes:
    """Return compact JSON bytes."""
    option = orjson.OPT_NON_STR_KEYS | (orjson.OPT_SORT_KEYS if sort_keys else 0)
    try:
        return orjson.dumps(value, option=option)
    except orjson.JSONEncodeError:
        return orjson.dumps(_within_64_bits(value), option=option)


def _within_64_bits(value: Any) -> Any:
    """Return ``value`` with longer whole numbers as what they were when they came:
    1e20 comes as a float, and PostgreSQL gives it back as 100000000000000000000."""
    if isinstance(value, dict):
        return {name: _within_64_bits(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_within_64_bits(each) for each in value]
    is_long = isinstance(value, int) and value not in _INTEGERS
    return float(value) if is_long else value


def read_json(body: bytes) -> Any:
    """Return the value of a request body; an empty body is an empty object.

    Raises:
        Invalid: it is not JSON, or nested deeper than ``DEPTH_MAX`` levels: we could
            store it and never render it again.
    """
    if not body:
        return {}
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise invalid_field("body", f"is not valid JSON: {error}") from None
    may_be_deep = body.count(b"[") + body.count(b"{") > DEPTH_MAX
    if may_be_deep and is_deeper(value, DEPTH_MAX):
        raise invalid_field("body", f"is nested deeper than {DEPTH_MAX} levels")
    return value


def is_deeper(value: Any, levels: int) -> bool:
    """Say whether a JSON value is nested deeper than ``levels``."""
    inside = [value]
    for _ in range(levels + 1):
        inside = [
            child
            for item in inside
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
    return bool(inside)


class JsonRenderer(BaseRenderer):
    """DRF renderer on orjson."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else to_json(data)


class JsonParser(BaseParser):
    """DRF parser on orjson. Any content type is read as JSON: the API has no other."""

    media_type = "*/*"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return read_json(stream.read())
