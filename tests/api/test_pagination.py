"""Pages: nothing twice, nothing hidden, and no cursor but our own."""

import base64
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.api.pagination import (
    decode_cursor,
    encode_cursor,
    page_newest_first,
    read_limit,
)
from apps.identity.models import Organization
from apps.kernel.errors import Invalid
from tests.support.frozen import NOON


def add(number: int, *, seconds: int) -> str:
    row = Organization.objects.create(
        name=str(number),
        handle=f"org-{number}",
        created_at=NOON + timedelta(seconds=seconds),
    )
    return row.id


def page(**query: Any) -> dict[str, Any]:
    return page_newest_first(
        Organization.objects.all(), query, lambda row: {"id": row.id}
    )


def walk(limit: int) -> Iterator[list[str]]:
    query: dict[str, Any] = {"limit": str(limit)}
    while True:
        found = page(**query)
        yield [item["id"] for item in found["items"]]
        assert found["has_more"] == ("next_cursor" in found)
        if not found["has_more"]:
            return
        query["cursor"] = found["next_cursor"]


@pytest.mark.django_db
@pytest.mark.parametrize("rows", [0, 1, 5, 6, 7, 13])
@pytest.mark.parametrize("same_instant", [True, False])
def test_every_row_comes_once_newest_first(rows: int, same_instant: bool) -> None:
    made = [add(n, seconds=0 if same_instant else n) for n in range(rows)]

    seen = [row for found in walk(3) for row in found]

    expected = sorted(made, reverse=True) if same_instant else made[::-1]
    assert seen == expected


@pytest.mark.django_db
def test_rows_that_arrive_meanwhile_neither_repeat_nor_hide_others() -> None:
    made = [add(n, seconds=n // 3) for n in range(12)]

    seen: list[str] = []
    for turn, found in enumerate(walk(2)):
        seen += found
        add(100 + turn, seconds=50 + turn)
        add(200 + turn, seconds=turn // 3)

    assert len(seen) == len(set(seen))
    assert set(made) <= set(seen)


@pytest.mark.django_db
def test_a_row_that_leaves_meanwhile_hides_no_other() -> None:
    made = [add(n, seconds=n) for n in range(9)]
    pages = walk(3)
    first = next(pages)
    Organization.objects.filter(pk=first[-1]).delete()

    assert [row for found in pages for row in found] == made[:6][::-1]


@pytest.mark.django_db
def test_a_cursor_is_opaque_base64url() -> None:
    for n in range(2):
        add(n, seconds=n)

    cursor = page(limit="1")["next_cursor"]

    assert set(cursor) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    )


def plain(value: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        "!!!",
        "ümlaut",
        "e30",
        plain([]),
        plain({"a": 1}),
        plain([NOON.isoformat()]),
        plain([NOON.isoformat(), "a", "b"]),
        plain([5, "org_1"]),
        plain(["yesterday", "org_1"]),
        plain(["2026-05-04T12:00:00", "org_1"]),
        plain([NOON.isoformat(), 5]),
        plain([NOON.isoformat(), None]),
        plain([NOON.isoformat(), "a\x00b"]),
        encode_cursor(7),
    ],
)
def test_a_cursor_of_another_hand_is_refused_by_name(cursor: str) -> None:
    with pytest.raises(Invalid) as refused:
        page(cursor=cursor)
    assert refused.value.details["path"] == "cursor"


@given(st.text() | st.binary().map(lambda b: base64.urlsafe_b64encode(b).decode()))
def test_any_text_as_a_cursor_is_read_or_refused(text: str) -> None:
    path: object = None
    position: list[Any] = []
    try:
        position = decode_cursor(text, 2)
    except Invalid as refused:
        path = refused.details["path"]
    assert len(position) == 2 or path == "cursor"


@given(st.lists(st.integers(0, 2**53) | st.text(max_size=20), min_size=1, max_size=3))
def test_a_cursor_comes_back_as_it_was(position: list[Any]) -> None:
    assert decode_cursor(encode_cursor(*position), len(position)) == position


@pytest.mark.parametrize(
    ("raw", "limit"), [(None, 50), ("", 50), ("1", 1), ("200", 200)]
)
def test_a_limit_has_a_default_and_bounds(raw: str | None, limit: int) -> None:
    assert read_limit({} if raw is None else {"limit": raw}) == limit


@pytest.mark.parametrize("raw", ["0", "201", "-1", "many", "1.5", "9" * 30, "\x00"])
def test_a_limit_out_of_bounds_is_refused_by_name(raw: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_limit({"limit": raw})
    assert refused.value.details["path"] == "limit"
