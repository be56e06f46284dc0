"""Keyset pages behind opaque cursors.

A page is ``{items, has_more, next_cursor}``; ``next_cursor`` is absent on the last
page. Rows that arrive while somebody pages neither repeat nor hide others.
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import orjson
from django.db.models import Model, Q, QuerySet

from apps.api.body import invalid_field

LIMIT_DEFAULT = 50
LIMIT_MAX = 200

Row = TypeVar("Row", bound=Model)


def read_limit(query: Mapping[str, Any], default: int = LIMIT_DEFAULT) -> int:
    """Return ``limit`` (1 to 200, default 50).

    Raises:
        Invalid: it is not a whole number in that range.
    """
    raw = query.get("limit")
    if raw in (None, ""):
        return default
    try:
        limit = int(str(raw))
    except ValueError:
        limit = 0
    if not 1 <= limit <= LIMIT_MAX:
        raise invalid_field("limit", f"expected a whole number from 1 to {LIMIT_MAX}")
    return limit


def encode_cursor(*position: object) -> str:
    """Return an opaque base64url cursor for a position in the order."""
    plain = [p.isoformat() if isinstance(p, datetime) else p for p in position]
    return base64.urlsafe_b64encode(orjson.dumps(plain)).rstrip(b"=").decode()


def decode_cursor(cursor: str, size: int) -> list[Any]:
    """Return the position a cursor stands for.

    Raises:
        Invalid: it is not a cursor this endpoint gave out.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        position = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        position = None
    if not isinstance(position, list) or len(position) != size:
        raise invalid_field("cursor", "expected a next_cursor from an earlier page")
    return position


def page_newest_first(
    rows: QuerySet[Row],
    query: Mapping[str, Any],
    render: Callable[[Row], Any],
    *,
    instant_field: str = "created_at",
    limit_default: int = LIMIT_DEFAULT,
) -> dict[str, Any]:
    """Return one page ordered by ``instant_field`` and id, newest first."""
    limit = read_limit(query, limit_default)
    cursor = query.get("cursor")
    if cursor:
        at, last_id = decode_cursor(str(cursor), 2)
        try:
            moment = datetime.fromisoformat(at)
        except (TypeError, ValueError):
            raise invalid_field("cursor", "expected a next_cursor") from None
        if not isinstance(last_id, str) or "\x00" in last_id or moment.tzinfo is None:
            raise invalid_field("cursor", "expected a next_cursor")
        older = Q(**{f"{instant_field}__lt": moment})
        same = Q(**{instant_field: moment, "pk__lt": last_id})
        rows = rows.filter(older | same)
    found = list(rows.order_by(f"-{instant_field}", "-pk")[: limit + 1])
    page: dict[str, Any] = {
        "items": [render(row) for row in found[:limit]],
        "has_more": len(found) > limit,
    }
    if page["has_more"]:
        last = found[limit - 1]
        page["next_cursor"] = encode_cursor(getattr(last, instant_field), last.pk)
    return page


def page_of_all(
    items: Sequence[Any],
    query: Mapping[str, Any],
    place: Callable[[Any], tuple[str | int, ...]],
) -> dict[str, Any]:
    """Return one page of a list that is held whole, in the order of ``place``; all
    of it without ``limit``. No two items share a place, and none ever changes it.
    """
    limit = read_limit(query, max(len(items), 1))
    items = sorted(items, key=place)
    if cursor := query.get("cursor"):
        first: tuple[Any, ...] = place(items[0]) if items else ()
        after = tuple(decode_cursor(str(cursor), len(first) or 1))
        if first and [type(part) for part in after] != [type(part) for part in first]:
            raise invalid_field("cursor", "expected a next_cursor")
        items = [item for item in items if place(item) > after]
    page: dict[str, Any] = {"items": items[:limit], "has_more": len(items) > limit}
    if page["has_more"]:
        page["next_cursor"] = encode_cursor(*place(items[limit - 1]))
    return page
