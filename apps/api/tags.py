"""Tags: up to eight short texts by name, read from bodies and filtered by in lists."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db.models import Q, QuerySet

from apps.api.body import Body, invalid_field

TAGS_MAX: Final = 8
TAG_KEY_CHARS_MAX: Final = 128
TAG_VALUE_CHARS_MAX: Final = 256
SYSTEM_TAG_PREFIX: Final = "mobius:"
TAG_FILTERS_MAX: Final = 8


def read_tags(body: Body) -> Mapping[str, str] | None:
    """Return the tags of a body, None if it has none; problems are noted in it."""
    tags = body.mapping("tags", default=None)
    if tags is None:
        return None
    if len(tags) > TAGS_MAX:
        body.problem("tags", f"expected at most {TAGS_MAX} entries")
    for key, value in tags.items():
        if not 1 <= len(key) <= TAG_KEY_CHARS_MAX:
            body.problem(
                "tags", f"expected keys of 1 to {TAG_KEY_CHARS_MAX} characters"
            )
        elif key.startswith(SYSTEM_TAG_PREFIX):
            body.problem(
                f"tags.{key}", f"{SYSTEM_TAG_PREFIX} tags belong to the system"
            )
        if not isinstance(value, str) or len(value) > TAG_VALUE_CHARS_MAX:
            body.problem(
                f"tags.{key}", f"expected a string up to {TAG_VALUE_CHARS_MAX}"
            )
    return dict(tags)


def filter_by_tags(rows: QuerySet[Any], wanted: Sequence[str]) -> QuerySet[Any]:
    """Return the rows that have all wanted tags: ``key``, ``key:*``, ``key:value`` or
    ``key:one,other``.

    Raises:
        Invalid: a filter has no key, or there are more than eight.
    """
    if len(wanted) > TAG_FILTERS_MAX:
        raise invalid_field("tag", f"expected at most {TAG_FILTERS_MAX} filters")
    for each in wanted:
        key, _, values = each.partition(":")
        if not key:
            raise invalid_field("tag", "expected key or key:value")
        if values in ("", "*"):
            rows = rows.filter(tags__has_key=key)
        else:
            one_of = Q()
            for value in values.split(","):
                one_of |= Q(tags__contains={key: value})
            rows = rows.filter(one_of)
    return rows
