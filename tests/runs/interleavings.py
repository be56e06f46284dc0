"""What happens to a wait in an order drawn by chance, and what must be true afterwards.

An interleaving is named by its number: the same number is the same order of the same
steps, and so the same outcome, on every machine.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from apps.dispatch import matching_waits
from apps.engine import Spec
from tests.engine.stories import NINE, spec_of
from tests.runs.simulated_store import KIND, TICK, Program, Store, is_news

#: What the dispatcher asks the tables; the store answers instead.
_ASKED = (
    "find_waits",
    "event_waits_of",
    "look_back",
    "undispatched_before",
    "transactions_now",
    "note_last_look",
    "append_source_events",
)
_BLOCK = {"event_type": KIND}
_DEADLINE = 12 * TICK
#: How far the clock goes at once; over a second, waits look again.
_LEAPS = tuple(TICK * ticks for ticks in (0, 1, 2, 1001, 0, 1))
#: How often a publisher stands still until all others are done and waits have looked.
_STALLS = 0.15
_ROUNDS_STALLED = 4
_ROUNDS_MAX = 40


@dataclass(frozen=True)
class Story:
    """A spec, and what is wrong with a store after an interleaving: "" if nothing."""

    name: str
    spec: Spec
    fault: Callable[[Store], str]


@contextmanager
def simulation() -> Iterator[None]:
    """Give the dispatcher its tables back at the end."""
    real = {name: getattr(matching_waits, name) for name in _ASKED}
    try:
        yield
    finally:
        vars(matching_waits).update(real)


def play(number: int, store: Store) -> Store:
    """Let things happen, in the order of a number, until nothing is left to do."""
    vars(matching_waits).update({name: getattr(store, name) for name in _ASKED})
    random = Random(number)
    programs: list[Program] = [store.begin_run()]
    next(programs[0])
    stalled: list[Program] = []
    unpublished = list(range(random.randint(1, 6)))
    for _ in range(random.randint(20, 70)):
        choice = random.random()
        if choice < 0.15 and unpublished:
            publisher = store.publish(unpublished.pop())
            if random.random() < _STALLS:
                stalled.append(_stall(publisher, 1 + int(random.random() * 2)))
            else:
                programs.append(publisher)
        elif choice < 0.35 and len(programs) < 8:
            crashes = random.random() < 0.1
            programs.append(store.dispatch(random.randint(1, 4), crashes=crashes))
        elif choice < 0.6:
            store.now += _LEAPS[int(random.random() * len(_LEAPS))]
        elif programs:
            _step(programs, int(random.random() * len(programs)))
    _end(programs + [store.publish(number) for number in unpublished])
    _dispatch(store, _ROUNDS_STALLED)
    _end(stalled)
    _dispatch(store, _ROUNDS_MAX)
    assert all(row.dispatched for row in store.rows), "it never comes to rest"
    return store


def _stall(program: Program, steps: int) -> Program:
    """Let a program go on to where it stands still until the others are done."""
    for _ in range(steps):
        next(program)
    return program


def _step(programs: list[Program], index: int) -> None:
    """Let one program go on to where it may be interrupted."""
    try:
        next(programs[index])
    except StopIteration:
        programs.pop(index)


def _end(programs: list[Program]) -> None:
    """Let programs come to an end side by side."""
    while programs:
        for index in reversed(range(len(programs))):
            _step(programs, index)


def _dispatch(store: Store, rounds: int) -> None:
    """Let a dispatcher look each second until all is quiet."""
    for _ in range(rounds):
        store.now += timedelta(seconds=1)
        for _ in store.dispatch(5, crashes=False):
            pass
        if all(row.dispatched for row in store.rows):
            return


def _fault_of_loop(store: Store) -> str:
    published = sorted(row.stored.id for row in store.rows if is_news(row))
    if sorted(store.taken) != published:
        return f"published {published}, taken {store.taken}"
    return _unfair(store)


def _fault_of_one(store: Store) -> str:
    events = [row.stored for row in store.rows if is_news(row)]
    fitting = [event.id for event in events if event.created_at >= NINE]
    if len(store.taken) != bool(fitting):
        return f"of {fitting} taken {store.taken}"
    return _unfair(store)


def _fault_of_deadline(store: Store) -> str:
    if store.waits:
        return "it waits for ever"
    events = {row.stored.id: row.stored for row in store.rows if is_news(row)}
    if len(store.taken) > 1:
        return f"taken {store.taken}"
    if any(events[id_].created_at >= NINE + _DEADLINE for id_ in store.taken):
        return f"{store.taken} came too late"
    return _unfair(store)


def _unfair(store: Store) -> str:
    return f"passed over what was there for {store.unfair}" if store.unfair else ""


STORIES = (
    Story(
        "a loop of waits takes each event once and in order",
        spec_of(
            {
                "name": "w",
                "wait_for_event": {**_BLOCK, "lookback": "1h"},
                "next": [{"step": "w"}],
            }
        ),
        _fault_of_loop,
    ),
    Story(
        "a wait takes one event of those since it opened",
        spec_of({"name": "w", "wait_for_event": _BLOCK}),
        _fault_of_one,
    ),
    Story(
        "an event before the deadline beats the timer",
        spec_of({"name": "w", "wait_for_event": {**_BLOCK, "timeout": "12ms"}}),
        _fault_of_deadline,
    ),
)
