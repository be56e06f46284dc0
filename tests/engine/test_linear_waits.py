"""Stories of linear runs that wait: for the clock, for events, for people."""

from datetime import timedelta
from typing import Any

import pytest

from apps.engine.decisions import (
    CloseWait,
    FinishRun,
    OpenWait,
    RequestInteraction,
    SubscribeEvent,
    WaitKind,
)
from apps.engine.events import Envelope
from apps.engine.inputs import (
    InteractionFailed,
    InteractionResolved,
    StepResumed,
    TimerFired,
)
from tests.engine.event_stories import received
from tests.engine.linear_stories import (
    ask,
    begin,
    call,
    nap,
    paid,
    step,
)
from tests.engine.stories import HOUR, NINE

SKIPS = {"duration": "1h", "on_timeout": "skip"}
FAILS = {"duration": "1h"}
OPENED = ["step.started", "wait.opened", "step.suspended", "run.suspended"]
RESUMED = ["wait.resumed", "step.resumed", "run.resumed", "step.completed"]
#: A run that ends with its wait went on as well.
DONE = RESUMED


def news(id: str = "evt_1", task_id: int = 1, **event: Any) -> Any:
    envelope = Envelope("custom.paid", "bank", event, {"event_type": "custom.paid"})
    return received(envelope, task_id, id)


def test_a_sleep_suspends_until_its_time() -> None:
    story = begin(nap(), call("b"))

    assert story.events == ["run.started", *OPENED]
    assert story.the(OpenWait) == OpenWait(
        1, "nap", "main", WaitKind.SLEEP, due_at=NINE + HOUR
    )
    story.tell(TimerFired(NINE + HOUR, 1))
    assert story.events == [*RESUMED, "step.started", "action.called"]


@pytest.mark.parametrize(
    ("at", "due"),
    [
        ("2026-03-02T12:00:00Z", NINE + 3 * HOUR),
        ("2026-03-02T13:00:00+01:00", NINE + 3 * HOUR),
        (" 2026-03-02T12:00:00.5+00:00 ", NINE + 3 * HOUR + timedelta(seconds=0.5)),
        ("2026-03-01T12:00:00Z", NINE),
        ("0001-01-01T00:00:00+14:00", NINE),
    ],
)
def test_a_sleep_lasts_until_an_instant_told_in_utc(at: str, due: Any) -> None:
    story = begin(step("sleep", {"until": "{{ event.at }}"}), event={"at": at})

    (wait,) = story.decided(OpenWait)
    assert wait.due_at is not None
    assert wait.due_at.isoformat() == due.isoformat()


@pytest.mark.parametrize(
    "at",
    [
        *(None, "", "soon", 1_770_000_000, {"a": 1}),
        *("2026-03-02T12:00:00", "2026-03-02"),
        *("9999-12-31T23:59:59-14:00", "2037-01-01T00:00:00Z"),
    ],
)
def test_a_sleep_until_what_is_no_instant_fails(at: Any) -> None:
    story = begin(step("sleep", {"until": "{{ event.at }}"}), event={"at": at})

    assert story.the(FinishRun).error_type == "expression_error"


def test_a_wait_for_an_event_takes_the_one_that_fits() -> None:
    config = {
        "match": {"order": "{{ event.order }}"},
        "condition": "event.amount > 10",
        "payload_mapping": {"n": "event.amount"},
        "source_id": "{{ event.bank }}",
        "lookback": "5m",
    }
    story = begin(paid(config=config), event={"order": 7, "bank": "bank"})
    wanted = story.the(SubscribeEvent)
    assert (wanted.match, wanted.source_id) == ({"event.order": 7}, "bank")
    assert (wanted.since, wanted.reads_run) == (NINE - timedelta(minutes=5), False)

    for wrong in (news(order=6, amount=50), news(order=7, amount=5)):
        assert story.tell(wrong).asked == ()
    story.tell(news("evt_2", order=7, amount=50))

    assert story.asked[0] == CloseWait(1, "resumed", "evt_2")
    assert story.events == [*DONE, "run.completed"]
    assert story.result == {"paid": {"n": 50}}


def test_an_event_without_a_mapped_value_fails_the_step() -> None:
    story = begin(paid(config={"payload_mapping": {"n": "event.a.b"}}))

    story.tell(news(a="text"))

    assert story.events == ["step.failed", "run.failed"]
    assert story.asked[0] == CloseWait(1, "failed")


def test_somebody_says_what_a_wait_goes_on_with() -> None:
    story = begin(paid(), call("b"))

    assert story.tell(StepResumed(NINE, "b", 1)).asked == ()
    story.tell(StepResumed(NINE, "paid", {"by": "hand"}))

    assert story.event("run.resumed") == {"step": "paid", "reason": "signal"}
    assert story.event("step.completed")["output"] == {"by": "hand"}
    assert story.tell(StepResumed(NINE, "paid", 2)).asked == ()


def test_a_question_is_asked_in_newer_words() -> None:
    story = begin(ask(config={"prompt": "Ship {{ event.v }}?"}), event={"v": 2})

    asked = story.the(RequestInteraction)
    assert (asked.newer_words, asked.due_at) == (True, None)
    assert asked.config == {
        "type": "approval",
        "message": "Ship 2?",
        "targets": ["prin_x"],
    }
    assert story.signal("ask", True).asked == ()
    story.tell(InteractionResolved(NINE, 1, {"value": True}))
    assert story.events == [*DONE, "run.completed"]
    assert story.result == {"ask": {"value": True}}


def test_a_question_that_reaches_nobody_fails_the_step() -> None:
    story = begin(ask()).tell(InteractionFailed(NINE, 1, "NobodyToAsk", "nobody"))

    assert story.asked[0] == CloseWait(1, "failed")
    assert story.the(FinishRun).error_type == "NobodyToAsk"


@pytest.mark.parametrize("waiting", [paid, ask])
def test_a_wait_in_vain_fails_the_run(waiting: Any) -> None:
    story = begin(waiting(timeout=FAILS)).tell(TimerFired(NINE + HOUR, 1))

    assert story.asked[0] == CloseWait(1, "timed_out")
    assert story.events == ["wait.timed_out", "step.failed", "run.failed"]
    assert story.the(FinishRun).error_type == "timeout"


@pytest.mark.parametrize("waiting", [paid, ask])
def test_a_wait_in_vain_may_be_passed_over(waiting: Any) -> None:
    story = begin(waiting("w", timeout=SKIPS), call("b"))

    story.tell(TimerFired(NINE + HOUR, 1))

    assert story.events == [
        "wait.timed_out",
        "run.resumed",
        "step.completed",
        "step.started",
        "action.called",
    ]
    assert story.complete(2, 1).result == {"w": None, "b": 1}


def test_a_wait_in_vain_may_be_tried_again_and_leaves_no_gap() -> None:
    story = begin(paid(timeout=FAILS, retry={"max_attempts": 2, "delay": "10m"}))

    story.tell(TimerFired(NINE + HOUR, 1))
    assert story.event("step.retried")["max_attempts"] == 2
    assert story.the(SubscribeEvent).since == NINE + HOUR
    assert story.the(OpenWait).due_at == NINE + 2 * HOUR + timedelta(minutes=10)

    story.tell(TimerFired(NINE + 3 * HOUR, 2))
    assert story.status == "failed"
