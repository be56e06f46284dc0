"""Bodies: every problem at once, each with its path, and never a crash."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.api.body import INT64_MAX, Body
from apps.kernel.errors import Invalid

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
FIELDS = ["name", "limit", "flag", "spec", "items", "tags", "at", "any"]


def read(data: object) -> dict[str, Any]:
    """Read one field of every sort, and stop at the problems."""
    body = Body(data)
    found = {
        "name": body.text("name", max_length=8),
        "limit": body.integer("limit", minimum=0, maximum=30, default=0),
        "flag": body.flag("flag", default=False),
        "spec": body.mapping("spec", default={}),
        "items": body.listing("items", default=[], max_items=3),
        "tags": body.texts("tags", default=[], max_items=3, max_length=4),
        "at": body.moment("at", default=None),
        "any": body.value("any", default=None),
    }
    body.finish()
    return found


def problems_of(data: object) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refused:
        read(data)
    fields: Any = refused.value.details["fields"]
    assert refused.value.details["path"] == fields[0]["path"]
    return [(field["path"], field["message"]) for field in fields]


def test_all_problems_are_told_together() -> None:
    found = problems_of(
        {
            "limit": 31,
            "flag": "yes",
            "spec": [],
            "items": [1, 2, 3, 4],
            "tags": ["", "too long", 5],
            "at": "2026-01-31",
            "nmae": "typo",
        }
    )

    assert [path for path, _ in found] == [
        "name",
        "limit",
        "flag",
        "spec",
        "items",
        "tags[0]",
        "tags[1]",
        "tags[2]",
        "at",
        "nmae",
    ]
    assert found[0] == ("name", "is required")
    assert found[-1] == ("nmae", "unknown field")


def test_the_message_names_the_first_problem_and_counts_the_rest() -> None:
    with pytest.raises(Invalid, match=r"name: is required \(and 1 more\)"):
        read({"limit": -1})


@pytest.mark.parametrize("data", [None, [], "text", 5, True])
def test_a_body_is_an_object(data: object) -> None:
    with pytest.raises(Invalid) as refused:
        Body(data)
    assert refused.value.details["path"] == "body"


def test_an_inner_body_tells_its_whole_path() -> None:
    inner = Body({"type": 5}, path="target")
    inner.text("type")

    with pytest.raises(Invalid) as refused:
        inner.finish()
    assert refused.value.details["path"] == "target.type"


def test_null_is_the_same_as_absent() -> None:
    sent = dict.fromkeys(FIELDS)

    assert read({**sent, "name": "x"}) == read({"name": "x"})
    assert problems_of(sent) == [("name", "is required")]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "nine chars"),
        ("name", ""),
        ("name", "a\x00b"),
        ("name", 5),
        ("limit", True),
        ("limit", 1.0),
        ("limit", "1"),
        ("limit", INT64_MAX + 1),
        ("at", "2026-01-31T12:00:00"),
        ("at", "0001-01-01T00:00:00+01:00"),
        ("at", "9999-12-31T23:59:59-01:00"),
        ("at", 1700000000),
        ("tags", "abc"),
        ("items", {}),
    ],
)
def test_a_value_outside_the_rule_is_refused_by_name(field: str, value: object) -> None:
    assert [path for path, _ in problems_of({"name": "x", field: value})] == [field]


def test_choices_and_patterns_say_what_was_expected() -> None:
    body = Body({"kind": "king", "queue": "no spaces"})
    body.text("kind", choices=["human", "agent"])
    body.text("queue", pattern="[a-z]+")

    assert [problem["message"] for problem in body.problems] == [
        "expected one of human, agent",
        "expected text matching [a-z]+",
    ]


@given(st.datetimes(timezones=st.timezones()))
def test_an_instant_is_read_whatever_its_zone(at: datetime) -> None:
    offset = at.utcoffset()
    if offset is None or offset % timedelta(minutes=1):
        at = at.replace(tzinfo=UTC)
    try:
        expected = at.astimezone(UTC)
    except OverflowError:
        assert problems_of({"name": "x", "at": at.isoformat()})[0][0] == "at"
        return
    found = read({"name": "x", "at": at.isoformat()})["at"]
    assert found == expected
    assert found.tzinfo is UTC


@given(st.dictionaries(st.sampled_from([*FIELDS, "other", ""]), JSON) | JSON)
def test_whatever_is_sent_is_read_within_the_rules_or_refused(data: Any) -> None:
    try:
        found = read(data)
    except Invalid:
        assert all(message for _, message in problems_of(data))
        return
    assert set(data) <= set(FIELDS)
    assert 1 <= len(found["name"]) <= 8
    assert 0 <= found["limit"] <= 30
    assert isinstance(found["flag"], bool)
    assert isinstance(found["spec"], dict)
    assert len(found["items"]) <= 3
    assert all(1 <= len(tag) <= 4 for tag in found["tags"])
    assert found["at"] is None or found["at"].tzinfo is UTC
