"""Hints: few of them, never needed, and none falls between two drains."""

from collections.abc import Iterator
from typing import Any

import pytest

from apps.realtime import connections
from apps.realtime.connections import breaker, client
from apps.source_events import nudge

#: Without a transaction around the test a hint leaves at once, as after a commit.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_hints() -> Iterator[None]:
    """Nobody listens and nothing was said."""
    client().flushdb()
    yield
    client().flushdb()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The messages that went to the broker."""
    messages: list[str] = []
    monkeypatch.setattr(nudge, "_send", lambda: messages.append(nudge.DRAIN_TASK))
    return messages


def test_hints_that_nobody_has_taken_are_one_message(
    sent: list[str],
) -> None:
    for _ in range(5):
        nudge.nudge_after_commit()
    assert len(sent) == 1

    nudge.take_hints(listening=False)
    nudge.nudge_after_commit()
    assert len(sent) == 2


def test_a_drain_that_listens_is_woken_without_a_message(
    sent: list[str],
) -> None:
    assert nudge.listen("a")
    nudge.nudge_after_commit()
    nudge.nudge_after_commit()

    assert nudge.wait_for_hint(1)
    assert not nudge.wait_for_hint(0.01)
    assert sent == []


def test_one_drain_listens_until_it_leaves() -> None:
    assert nudge.listen("a")
    assert not nudge.listen("b")
    assert nudge.listen("a")

    assert not nudge.stop_listening()
    assert nudge.listen("b")


def test_a_hint_for_a_drain_that_is_leaving_is_found_by_it(
    sent: list[str],
) -> None:
    assert nudge.listen("a")
    nudge.nudge_after_commit()

    assert nudge.stop_listening()
    nudge.nudge_after_commit()
    assert len(sent) == 1


def test_a_drain_that_died_is_forgotten_soon() -> None:
    nudge.listen("dead")

    left: Any = client().pttl(nudge.LISTENER_KEY)
    assert 0 < left <= nudge.LISTENER_MILLISECONDS


def test_a_drain_listens_on_when_redis_was_wiped(
    sent: list[str],
) -> None:
    assert nudge.listen("a")
    client().flushdb()

    assert nudge.listen("a")
    nudge.nudge_after_commit()
    assert nudge.wait_for_hint(1)
    assert sent == []


def test_without_redis_nobody_listens_and_a_hint_is_no_error(
    sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> Any:
        raise ConnectionRefusedError("away")

    monkeypatch.setattr(connections, "client", away)
    monkeypatch.setattr(breaker, "open_until", 0.0)

    nudge.nudge_after_commit()
    assert not nudge.listen("a")
    assert not nudge.wait_for_hint(1)
    assert not nudge.stop_listening()
    assert sent == []
