"""Events and waits in every order that chance finds: none missed, none taken twice.

One thread plays publishers, dispatchers, timers and crashes against tables in memory;
``tests/races`` does the same with threads and PostgreSQL, more slowly.
"""

from datetime import timedelta
from random import Random
from typing import Any

import pytest

from apps.dispatch import matching_waits
from tests.engine.stories import NINE, spec_of
from tests.runs.simulated_store import KIND, TICK, Program, Store, is_news

INTERLEAVINGS = 3_000
BLOCK = {"event_type": KIND}
LOOP = spec_of(
    {
        "name": "w",
        "wait_for_event": {**BLOCK, "lookback": "1h"},
        "next": [{"step": "w"}],
    }
)
ONCE = spec_of({"name": "w", "wait_for_event": BLOCK})
DEADLINE = spec_of({"name": "w", "wait_for_event": {**BLOCK, "timeout": "12ms"}})
ASKED = (
    "find_waits",
    "event_waits_of",
    "look_back",
    "undispatched_before",
    "transactions_now",
    "note_last_look",
    "append_source_events",
)


def play(monkeypatch: pytest.MonkeyPatch, seed: int, spec: Any) -> Store:
    """Let things happen in an order drawn from ``seed`` until nothing is left to do."""
    random = Random(seed)
    store = Store(spec)
    for name in ASKED:
        monkeypatch.setattr(matching_waits, name, getattr(store, name))
    programs: list[Program] = [store.begin_run()]
    next(programs[0])
    unpublished = list(range(random.randint(1, 6)))
    for _ in range(random.randint(20, 70)):
        choice = random.random()
        if choice < 0.15 and unpublished:
            programs.append(store.publish(unpublished.pop()))
        elif choice < 0.35 and len(programs) < 8:
            crashes = random.random() < 0.1
            programs.append(store.dispatch(random.randint(1, 4), crashes=crashes))
        elif choice < 0.6:
            store.now += TICK * random.choice((0, 1, 2, 1001, 0, 1))
        elif programs:
            step(programs, random.randrange(len(programs)))
    finish(store, programs, unpublished)
    return store


def step(programs: list[Program], index: int) -> None:
    """Let one program go on to where it may be interrupted."""
    try:
        next(programs[index])
    except StopIteration:
        programs.pop(index)


def finish(store: Store, programs: list[Program], unpublished: list[int]) -> None:
    """Let everybody come to an end, publish the rest, dispatch until all is quiet."""
    programs += [store.publish(number) for number in unpublished]
    while programs:
        for index in reversed(range(len(programs))):
            step(programs, index)
    for _ in range(40):
        store.now += timedelta(seconds=1)
        for _ in store.dispatch(5, crashes=False):
            pass
        if all(row.dispatched for row in store.rows):
            return
    raise AssertionError("it never comes to rest")


def test_a_loop_of_waits_takes_each_event_once_and_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for seed in range(INTERLEAVINGS):
        store = play(monkeypatch, seed, LOOP)

        published = sorted(row.stored.id for row in store.rows if is_news(row))
        assert sorted(store.taken) == published, seed
        assert store.unfair == [], seed


def test_a_wait_takes_one_event_of_those_since_it_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    missable = 0
    for seed in range(INTERLEAVINGS):
        store = play(monkeypatch, seed, ONCE)

        events = [row.stored for row in store.rows if is_news(row)]
        fitting = [event.id for event in events if event.created_at >= NINE]
        assert len(store.taken) == bool(fitting), seed
        assert store.unfair == [], seed
        missable += any(row.dispatched for row in store.rows if is_news(row))
    assert missable


def test_an_event_before_the_deadline_beats_the_timer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outcomes = {0: 0, 1: 0}
    for seed in range(INTERLEAVINGS):
        store = play(monkeypatch, seed, DEADLINE)

        assert store.waits == {}, seed
        events = {row.stored.id: row.stored for row in store.rows if is_news(row)}
        assert all(events[id_].created_at < NINE + 12 * TICK for id_ in store.taken), (
            seed
        )
        assert store.unfair == [], seed
        outcomes[len(store.taken)] += 1
    assert all(outcomes.values())
