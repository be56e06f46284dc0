"""Typed ids: what they say and how they sort."""

import itertools
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.kernel.ids import ID_LENGTH_MAX, IdKind, id_factory, new_id


@pytest.mark.parametrize("kind", list(IdKind))
def test_an_id_says_what_it_is_and_fits_its_column(kind: IdKind) -> None:
    found = new_id(kind)

    assert re.fullmatch(rf"{kind.value}_[0-7][0-9a-hjkmnp-tv-z]{{25}}", found)
    assert len(found) <= ID_LENGTH_MAX


def test_ids_are_never_the_same_across_threads() -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: new_id(IdKind.RUN), range(4000)))

    assert len(set(found)) == 4000


def test_ids_sort_by_the_millisecond_they_were_made() -> None:
    make = id_factory(IdKind.RUN)
    by_moment: list[list[str]] = []
    deadline = time.monotonic() + 5
    last = -1
    while len(by_moment) < 20 and time.monotonic() < deadline:
        before = time.time_ns() // 1_000_000
        made = make()
        if before != time.time_ns() // 1_000_000:
            continue  # made across a border: either side would be right
        if before != last:
            by_moment.append([])
            last = before
        by_moment[-1].append(made)

    assert len(by_moment) == 20
    for earlier, later in itertools.pairwise(by_moment):
        assert max(earlier) < min(later)
