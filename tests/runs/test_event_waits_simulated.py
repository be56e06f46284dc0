"""Events and waits in every order that chance finds: none missed, none taken twice.

One thread plays publishers, dispatchers, timers and crashes against tables in memory;
``tests/races`` does the same with threads and PostgreSQL, more slowly.
"""

from collections.abc import Iterator

import pytest

from tests.runs.broken_stores import BROKEN
from tests.runs.interleavings import STORIES, Story, play, simulation
from tests.runs.simulated_store import Store

INTERLEAVINGS = 100_000
#: Each shard plays its own numbers, on whichever process is free.
SHARDS = 20
#: More than a defect needs to show.
ENOUGH = 2_000


@pytest.fixture(autouse=True)
def simulated() -> Iterator[None]:
    """The dispatcher asks the store."""
    with simulation():
        yield


@pytest.mark.parametrize("shard", range(SHARDS))
def test_no_event_is_missed_and_none_is_taken_twice(shard: int) -> None:
    unheard = taken = not_taken = 0
    for number in range(shard, INTERLEAVINGS, SHARDS):
        story = STORIES[number % len(STORIES)]
        store = play(number, Store(story.spec))

        assert not story.fault(store), (story.name, number)
        unheard += any(id_ in store.unheard for id_ in store.taken)
        taken += bool(store.taken)
        not_taken += not store.taken
    # All that may happen did.
    assert min(unheard, taken, not_taken) > 100


def first_fault(broken: type[Store], story: Story) -> str:
    """Return what the first of many interleavings finds, "" if none does."""
    for number in range(ENOUGH):
        found = story.fault(play(number, broken(story.spec)))
        if found:
            return found
    return ""


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_a_defect_is_found(broken: type[Store]) -> None:
    assert any(first_fault(broken, story) for story in STORIES), broken.__doc__
