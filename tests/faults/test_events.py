"""Events while what matches them is killed, or Redis is gone: none missed, none twice.

A dispatcher is killed where it has found out what an event wakes, and nothing of that
is committed: it waits for a lock, or at a gate, that the test holds.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import psycopg
import pytest
import redis

from tests.faults.checker import Checker
from tests.faults.children import kill_children
from tests.faults.reactions import Reactions, wait_for_event
from tests.support.gate import Ask, gate
from tests.support.specs import spec
from tests.support.stack import Stack
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.xdist_group("faults")]

EVENTS = 24
_WAITING_FOR = """
SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE %s
"""


@pytest.fixture
def ask(stack: Stack) -> Iterator[Ask]:
    """A session in the stack's database."""
    with psycopg.connect(stack.database_url, autocommit=True) as session:

        def ask(statement: str) -> list[tuple[Any, ...]]:
            found = session.execute(statement.encode())
            return found.fetchall() if found.description else []

        yield ask


def waits_for_a_row_of(reactions: Reactions, table: str) -> Callable[[], int]:
    """How many sessions wait for the lock of a row of a table."""
    # PostgreSQL shows the first 1,024 characters of a statement: its columns.
    return lambda: reactions.count(_WAITING_FOR, f"SELECT %{table}%")


@pytest.mark.parametrize("policy", ["allow", "queue"])
def test_a_dispatcher_killed_between_match_and_start_starts_the_run_once(
    stack: Stack, reactions: Reactions, checker: Checker, ask: Ask, policy: str
) -> None:
    trigger = reactions.on_event(policy)

    with gate(ask, "runs_run", f"NEW.trigger_id = '{trigger}'") as at_gate:
        event_id = reactions.publish(1)
        wait_until(at_gate.waiting)
        kill_children(stack)
        assert reactions.fired(trigger) == []
        at_gate.open()
        wait_until(lambda: reactions.fired(trigger))

    reactions.prove(checker)
    assert reactions.fired(trigger) == [event_id]


def test_a_dispatcher_killed_over_a_fire_that_waits_for_its_turn_starts_it_once(
    stack: Stack, reactions: Reactions, checker: Checker
) -> None:
    """The match is committed as a queued fire; what is killed was to take it up."""
    trigger = reactions.on_event("queue")

    with reactions.locked("triggers_trigger", trigger):
        event_id = reactions.publish(1)
        wait_until(waits_for_a_row_of(reactions, '"triggers_trigger"'))
        kill_children(stack)

    reactions.prove(checker)
    assert reactions.fired(trigger) == [event_id]


def test_a_dispatcher_killed_between_match_and_resume_resumes_the_run_once(
    stack: Stack, reactions: Reactions, checker: Checker
) -> None:
    run_id = reactions.remote.start(spec(wait_for_event()))
    reactions.remote.wait_for(run_id, "suspended")

    with reactions.locked("runs_run", run_id):
        event_id = reactions.publish(1)
        wait_until(waits_for_a_row_of(reactions, "runs_run WHERE id = ANY"))
        kill_children(stack)

    assert reactions.remote.wait_for(run_id)["status"] == "completed"
    reactions.prove(checker)
    assert reactions.taken(run_id) == [event_id]


class Audience:
    """All that hears the same events: triggers, a wait for each, one for all."""

    def __init__(self, reactions: Reactions) -> None:
        self._reactions = reactions
        remote = reactions.remote
        self._triggers = [reactions.on_event(policy) for policy in ("allow", "queue")]
        self._clock = reactions.create(
            "clock", "schedule", {"interval": "1s", "missed": "all"}
        )
        loop = {**wait_for_event(lookback="1h"), "next": [{"step": "paid"}]}
        self._loop = remote.start(spec(loop))
        one = spec(wait_for_event(match={"event.n": "${inputs.n}"}))
        self._waits = [remote.start(one, inputs={"n": n}) for n in range(EVENTS)]
        for run_id in (self._loop, *self._waits):
            remote.wait_for(run_id, "suspended")

    def prove(self, checker: Checker) -> None:
        """Everybody heard every event once; the clock skipped no second."""
        reactions = self._reactions
        events = reactions.published
        wait_until(lambda: len(reactions.slots(self._clock)) > 3, every=0.1)
        reactions.switch_off()
        reactions.prove(checker)
        for trigger in self._triggers:
            assert reactions.fired(trigger) == events
        assert [reactions.taken(run_id) for run_id in self._waits] == [
            [event_id] for event_id in events
        ]
        assert reactions.taken(self._loop) == events
        slots = reactions.slots(self._clock)
        steps = {after - slot for slot, after in pairwise(slots)}
        assert {step.total_seconds() for step in steps} == {1.0}


def test_events_are_heard_once_while_redis_is_wiped_and_dispatchers_are_killed(
    stack: Stack, reactions: Reactions, checker: Checker
) -> None:
    audience = Audience(reactions)

    with redis.Redis.from_url(stack.redis_url) as client:
        for number in range(EVENTS):
            if number % 3 == 0:
                client.flushall()
            if number % 8 == 7:
                kill_children(stack)
            reactions.publish(number)

    audience.prove(checker)


def test_events_are_heard_once_while_redis_is_down_and_when_it_is_back(
    stack: Stack, reactions: Reactions, checker: Checker
) -> None:
    audience = Audience(reactions)

    for number in range(EVENTS):
        if number == EVENTS // 4:
            stack.kill("valkey")
        if number == EVENTS // 2:
            stack.wait_running("valkey")
        reactions.publish(number)

    audience.prove(checker)
