"""JSON in and out, instants, and the parser's refusals."""

from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.api.rendering import (
    DEPTH_MAX,
    JsonParser,
    JsonRenderer,
    instant,
    present,
    read_json,
    to_json,
)
from apps.kernel.errors import Invalid
from tests.support.api import Api

NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(
    allow_nan=False, allow_infinity=False
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=10,
)


def test_numbers_beyond_64_bits_are_the_floats_that_they_came_as(api: Api) -> None:
    huge = {"settings": {"a": [10**20, -(10**30)], "b": 2**64 - 1}}
    api.post("automations", {"name": "Huge", "handle": "huge"})

    changed = api.patch("automations/huge", huge)

    # PostgreSQL gives 1e20 back as a whole number of 21 digits.
    assert changed.status_code == 200
    shown = api.get("automations/huge").json()["settings"]
    assert shown == {"a": [1e20, -1e30], "b": 2**64 - 1}


def test_a_loop_with_huge_numbers_is_written_again(api: Api) -> None:
    config = {"action_name": "pay", "parameters": {"amount": 10**20}}
    steps = [{"id": "pay", "kind": "action", "config": config}]
    api.post("loops", {"name": "Huge", "steps": steps})

    changed = api.patch("loops/huge", {"output": {"ok": True}})

    assert changed.status_code == 200
    assert changed.json()["steps"][0]["config"]["parameters"] == {"amount": 1e20}


@given(JSON)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert read_json(to_json(value)) == value
    assert JsonParser().parse(BytesIO(JsonRenderer().render(value))) == (
        {} if value is None else value
    )


@given(st.binary(min_size=1))
def test_any_bytes_are_json_or_refused(body: bytes) -> None:
    try:
        expected = orjson.loads(body)
    except orjson.JSONDecodeError:
        with pytest.raises(Invalid):
            read_json(body)
    else:
        assert read_json(body) == expected


@pytest.mark.parametrize(
    "body",
    [b"{", b"{'a': 1}", b'{"a": NaN}', b'{"a": 1} x', b'"\\ud800"', b"\xff", b" "],
)
def test_what_is_not_json_is_400_with_the_path_body(body: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        JsonParser().parse(BytesIO(body))
    assert refused.value.details["path"] == "body"
    assert "not valid JSON" in refused.value.message


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_nesting_has_a_limit_that_the_renderer_can_follow(
    opening: bytes, closing: bytes
) -> None:
    deep = opening * DEPTH_MAX + b"1" + closing * DEPTH_MAX
    value = read_json(deep)
    assert orjson.loads(to_json({"inside": [value]}))["inside"] == [value]

    with pytest.raises(Invalid, match="nested deeper than 100 levels"):
        read_json(opening + deep + closing)


def test_many_brackets_beside_each_other_are_not_deep() -> None:
    assert len(read_json(b"[" + b"[]," * 500 + b"{}]")) == 501


def test_an_empty_body_is_an_empty_object() -> None:
    assert read_json(b"") == {}
    assert JsonRenderer().render(None) == b""


def test_an_instant_is_rfc_3339_in_utc() -> None:
    east = timezone(timedelta(hours=5, minutes=30))

    assert instant(None) is None
    assert instant(datetime(2026, 1, 31, 12, 0, 0, 1, tzinfo=UTC)) == (
        "2026-01-31T12:00:00.000001Z"
    )
    assert instant(datetime(2026, 1, 31, 2, 0, tzinfo=east)) == (
        "2026-01-30T20:30:00.000000Z"
    )


def test_a_field_without_a_value_is_absent_and_an_empty_one_is_not() -> None:
    assert present(a=None, b="", c=0, d=[]) == {"b": "", "c": 0, "d": []}


def test_over_http_broken_json_is_the_one_error_body(api: Api) -> None:
    client = api._client
    response = client.generic(
        "POST",
        "/v1/projects/acme/principals",
        "{broken",
        content_type="text/plain",
        headers={"Authorization": f"Bearer {api.key}"},
    )

    assert response.status_code == 400
    body = response.json()
    assert body["error"] == {key: body[key] for key in ("code", "message", "details")}
    assert body["details"]["path"] == "body"
    assert response["Content-Type"] == "application/json"
