"""Stories of waits for events."""

from datetime import timedelta
from typing import Any

import pytest

from apps.engine.decisions import (
    CloseWait,
    EnqueueJob,
    FinishRun,
    OpenWait,
    SubscribeEvent,
    WaitKind,
)
from apps.engine.events import Envelope
from apps.engine.inputs import ResumeRequested, TimerFired
from apps.engine.limits import EVENTS_REMEMBERED
from tests.engine.event_stories import PAID, paid, received, wait
from tests.engine.stories import HOUR, NINE, Story, action, spec_of


def test_a_wait_opens_and_says_what_it_listens_for() -> None:
    step = wait(
        source_id="${inputs.bank}",
        match={"meta.order": "${inputs.order}", "event.final": True},
        condition="event.amount > 10",
        timeout="1h",
    )

    story = Story(spec_of(step, action("a")), {"bank": "b1", "order": 7})

    assert story.asked[2:4] == (
        OpenWait(1, "paid", "main", WaitKind.EVENT, PAID, NINE + HOUR),
        SubscribeEvent(
            1,
            PAID,
            NINE,
            "b1",
            {"meta.order": 7, "event.final": True},
            "event.amount > 10",
        ),
    )
    assert story.status == "suspended"
    assert story.event("wait.opened") == {
        "step": "paid",
        "wait_kind": "event",
        "subject": PAID,
        "deadline": "2026-03-02T10:00:00+00:00",
        "task_id": 1,
        "event_type": PAID,
        "source_id": "b1",
        "match": {"meta.order": 7, "event.final": True},
    }
    assert story.event("step.suspended")["kind"] == "wait_for_event"


def test_a_wait_without_a_timeout_stands_for_ever() -> None:
    story = Story(spec_of(wait()))

    assert story.the(OpenWait).due_at is None
    assert story.event("wait.opened")["deadline"] is None
    story.tell(TimerFired(NINE + 1000 * HOUR, 1))
    assert (story.status, story.asked) == ("suspended", ())


def test_a_look_back_lets_older_events_count() -> None:
    story = Story(spec_of(wait(lookback="10m")))

    assert story.the(SubscribeEvent).since == NINE - timedelta(minutes=10)


def test_a_condition_that_reads_the_run_is_kept_for_the_engine() -> None:
    story = Story(spec_of(wait(condition="event.n == inputs.n")), {"n": 2})
    assert story.the(SubscribeEvent).reads_run is True

    assert story.tell(received(paid({"n": 1}))).asked == ()
    assert story.tell(received(paid({"n": 2}))).status == "completed"


def test_an_event_becomes_the_output_and_the_variable() -> None:
    step = wait(store="payment")
    after = action("a", parameters={"n": "${state.payment.event.amount}"})
    story = Story(spec_of(step, after))

    story.tell(received(paid({"amount": 5}, order="o1")))

    assert story.the(EnqueueJob).parameters == {"n": 5}
    assert story.asked[0] == CloseWait(1, "resumed", "evt_1")
    line = story.event("wait.resumed")
    assert line["event_id"] == "evt_1"
    assert line["payload"] == {
        "event_type": PAID,
        "source_id": "bank",
        "event": {"amount": 5},
        "meta": {"event_type": PAID, "order": "o1"},
    }
    assert story.event("run.resumed") == {"step": "paid", "reason": "event"}


def test_a_mapping_makes_the_output() -> None:
    mapping = {"amount": "event.amount", "order": "${meta.order}", "none": "event.x.y"}
    story = Story(spec_of(wait(payload_mapping=mapping)))

    story.tell(received(paid({"amount": 5}, order="o1")))

    assert story.result == {"amount": 5, "order": "o1", "none": None}


def test_a_mapping_without_a_value_fails_the_step_and_can_be_caught() -> None:
    step = wait(payload_mapping={"n": "event.amount + 1"})
    story = Story(spec_of(step)).tell(received(paid({"amount": "much"})))
    assert story.the(FinishRun).error_type == "expression_error"
    assert "payload_mapping of paid" in story.the(FinishRun).error_message
    assert story.asked[0] == CloseWait(1, "failed")

    step["catch"] = [{"error_equals": ["expression_error"], "next": "mend"}]
    story = Story(spec_of(step, action("mend"))).tell(received(paid({"amount": "x"})))
    assert story.the(EnqueueJob).step == "mend"


@pytest.mark.parametrize(
    ("config", "envelope"),
    [
        ({"source_id": "b1"}, paid()),
        ({"match": {"meta.order": "o1"}}, paid(order="o2")),
        ({"match": {"meta.order": "1"}}, paid(order=1)),
        ({"match": {"event.ok": 1}}, paid({"ok": True})),
        ({"match": {"event.a.b": 1}}, paid({"a": 3})),
        ({"match": {"event.list": [1]}}, paid({"list": [1, 2]})),
        ({"condition": "event.amount > 10"}, paid({"amount": 10})),
        ({"condition": "event.amount > 10"}, paid()),
        ({"condition": "event.amount > 10"}, paid({"amount": "11"})),
        ({"condition": "false"}, paid()),
    ],
)
def test_an_event_that_does_not_fit_changes_nothing(
    config: dict[str, Any], envelope: Envelope
) -> None:
    story = Story(spec_of(wait(**config)))

    story.tell(received(envelope))

    assert (story.status, story.asked) == ("suspended", ())


@pytest.mark.parametrize(
    ("config", "envelope"),
    [
        ({"source_id": "bank"}, paid()),
        ({"source_id": ""}, paid()),
        ({"match": {"event.n": 1}}, paid({"n": 1.0})),
        ({"match": {"event.missing": None}}, paid()),
        ({"match": {"event.o": {"a": [1]}}}, paid({"o": {"a": [1]}})),
        ({"condition": "event.n > 1 && meta.c == 'EUR'"}, paid({"n": 2}, c="EUR")),
        ({"condition": "${event.amount > 10}"}, paid({"amount": 11})),
    ],
)  # fmt: skip
def test_an_event_that_fits_resumes(config: dict[str, Any], envelope: Envelope) -> None:
    story = Story(spec_of(wait(**config)))

    assert story.tell(received(envelope)).status == "completed"


def test_a_late_event_is_ignored_and_so_is_a_second_one() -> None:
    story = Story(spec_of(wait(), action("a"))).tell(received(paid({"n": 1})))

    for again in (received(paid({"n": 1})), received(paid({"n": 2}), id="evt_2")):
        assert story.tell(again).asked == ()
    story.claim(2).complete(2)
    assert story.tell(received(paid({"n": 3}), id="evt_3")).asked == ()


def test_an_event_means_nothing_to_other_waits() -> None:
    story = Story(spec_of({"name": "nap", "sleep": {"duration": "1h"}}))

    assert story.tell(received(paid())).asked == ()
    assert Story(spec_of(wait())).tell(ResumeRequested(NINE)).asked == ()


def test_two_branches_take_the_same_event() -> None:
    fork = {"next": [{"step": "v", "branch": "a"}, {"step": "w", "branch": "b"}]}
    story = Story(spec_of(action("s", **fork), wait("v"), wait("w"))).complete(1)

    story.tell(received(paid({"n": 1}), task_id=2))
    assert story.status == "suspended"
    story.tell(received(paid({"n": 1}), task_id=3))

    assert story.status == "completed"
    assert story.result["v"] == story.result["w"]


def test_a_wait_that_opens_later_does_not_take_an_event_again() -> None:
    """With a look-back the same event would otherwise resume every wait of a loop."""
    story = Story(spec_of(wait("v", lookback="1h"), wait("w", lookback="1h")))

    story.tell(received(paid(), task_id=1))
    assert story.the(OpenWait).step == "w"
    assert story.tell(received(paid(), task_id=2)).asked == ()

    assert story.tell(received(paid(), task_id=2, id="evt_2")).status == "completed"


def test_only_so_many_events_are_remembered() -> None:
    loop = {**wait("w"), "next": [{"step": "w"}]}
    story = Story(spec_of(loop))

    for number in range(1, EVENTS_REMEMBERED + 50):
        story.tell(received(paid(), task_id=number, id=f"evt_{number}"))
        assert story.decided(OpenWait)

    assert len(story.state.events) == EVENTS_REMEMBERED
