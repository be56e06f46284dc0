"""Waits for events, from the spec to the timeline, through the real dispatcher."""

from typing import Any

import pytest

from apps.identity.models import Project
from apps.kernel import clock
from apps.runs.models import Wait
from apps.runs.services.retry import retry_run
from apps.source_events.models import Listener, SourceEvent
from tests.runs.event_waiting import (
    PAID,
    append,
    publish,
    result,
    run_of,
    start,
    status,
    taken_by,
    timeline,
    waiting,
)
from tests.support.api import Api
from tests.support.drive import claim, dispatch_all
from tests.support.frozen import FrozenClock
from tests.support.specs import action

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


def test_an_event_resumes_a_waiting_run(api: Api) -> None:
    run_id = start(api, waiting())
    assert status(api, run_id) == "suspended"

    event_id = publish(api, event={"amount": 5}, meta={"order": "o1"}, source_id="b")

    assert result(api, run_id) == {
        "event_type": PAID,
        "source_id": "b",
        "event": {"amount": 5},
        "meta": {"event_type": PAID, "order": "o1"},
    }
    assert taken_by(run_id) == [event_id]


def test_the_timeline_tells_of_opening_and_of_what_came(api: Api) -> None:
    run_id = start(api, waiting(timeout="1h", payload_mapping={"n": "event.n"}))
    (opened,) = timeline(run_id, "wait.opened")
    assert opened["wait_kind"] == "event"
    assert opened["subject"] == PAID
    assert opened["deadline"] == "2026-05-04T13:00:00+00:00"

    event_id = publish(api, event={"n": 3})

    (resumed,) = timeline(run_id, "wait.resumed")
    assert resumed["payload"] == {"n": 3}
    assert resumed["event_id"] == event_id
    assert result(api, run_id) == {"n": 3}


def test_the_payload_goes_on_to_the_next_step(api: Api, project: Project) -> None:
    after = action("ship", parameters={"n": "${state.payment.amount}"})
    mapping = {"amount": "event.amount"}
    start(api, waiting(store="payment", payload_mapping=mapping), after)
    publish(api, event={"amount": 12})

    job = claim(project.id)

    assert job is not None
    assert job["parameters"] == {"n": 12}


@pytest.mark.parametrize(
    ("config", "wrong", "right"),
    [
        ({"source_id": "b1"}, {"source_id": "b2"}, {"source_id": "b1"}),
        (
            {"match": {"meta.order": "${inputs.order}"}},
            {"meta": {"order": "o2"}},
            {"meta": {"order": "o1"}},
        ),
        (
            {"match": {"event.n": 1, "event.deep.a": "x"}},
            {"event": {"n": 1, "deep": {"a": "y"}}},
            {"event": {"n": 1.0, "deep": {"a": "x", "b": 2}}},
        ),
        (
            {"match": {"event.list": [1, {"a": None}]}},
            {"event": {"list": [1, {"a": None}, 2]}},
            {"event": {"list": [1, {"a": None}]}},
        ),
        ({"match": {"event.gone": None}}, {"event": {"gone": 0}}, {"event": {}}),
        (
            {"condition": "event.amount > 10 && meta.currency == 'EUR'"},
            {"event": {"amount": 11}, "meta": {"currency": "USD"}},
            {"event": {"amount": 11}, "meta": {"currency": "EUR"}},
        ),
        (
            {"condition": "event.order == inputs.order"},
            {"event": {"order": "o2"}},
            {"event": {"order": "o1"}},
        ),
        ({"condition": "event.n + 1 == 2"}, {"event": {"n": "x"}}, {"event": {"n": 1}}),
    ],
)
def test_only_an_event_that_fits_resumes(
    api: Api, config: dict[str, Any], wrong: dict[str, Any], right: dict[str, Any]
) -> None:
    run_id = start(api, waiting(**config), inputs={"order": "o1"})

    publish(api, **wrong)
    assert status(api, run_id) == "suspended"
    event_id = publish(api, **right)

    assert status(api, run_id) == "completed"
    assert taken_by(run_id) == [event_id]


def test_a_wildcard_waits_for_everything_below_a_prefix(api: Api) -> None:
    run_id = start(api, waiting(event_type="custom.payment.*", lookback="1m"))
    publish(api, "custom.payments.received")
    publish(api, "custom.payment_x")
    assert status(api, run_id) == "suspended"

    publish(api, "custom.payment.big.received")

    assert result(api, run_id)["event_type"] == "custom.payment.big.received"


def test_an_event_of_another_project_resumes_nothing(api: Api, stranger: Api) -> None:
    run_id = start(api, waiting())

    publish(stranger)

    assert status(api, run_id) == "suspended"


def test_a_cancelled_run_listens_no_more(api: Api) -> None:
    run_id = start(api, waiting())
    assert Listener.objects.count() == 1

    api.post(f"runs/{run_id}/cancellations", {})

    assert Listener.objects.count() == 0
    publish(api)
    assert status(api, run_id) == "cancelled"


@pytest.mark.parametrize("end", ["resumed", "timed_out", "failed"])
def test_nobody_listens_once_a_wait_is_over(
    api: Api, end: str, frozen: FrozenClock
) -> None:
    start(api, waiting(timeout="1h", payload_mapping={"n": "event.n + 1"}))
    assert Listener.objects.count() == 1

    if end == "timed_out":
        dispatch_all(frozen.tick(hours=1))
    else:
        publish(api, event={"n": 1 if end == "resumed" else "x"})

    assert Wait.objects.get().outcome == end
    assert Listener.objects.count() == 0


def test_events_that_nobody_waits_for_are_not_dispatched(
    api: Api, project: Project
) -> None:
    start(api, waiting(source_id="b1"))

    for event_id in (
        append(project.id, "custom.other"),
        append(project.id, source_id="b2"),
    ):
        assert SourceEvent.objects.get(id=event_id).dispatched_at is not None


def test_a_run_that_failed_at_a_wait_listens_again_after_a_retry(
    api: Api, project: Project
) -> None:
    run_id = start(api, waiting(payload_mapping={"n": "event.n + 1"}))
    publish(api, event={"n": "x"})
    assert run_of(api, run_id)["error_type"] == "expression_error"

    retry_run(project.id, run_id, now=clock.now())
    dispatch_all(clock.now())
    publish(api, event={"n": 1})

    assert result(api, run_id) == {"n": 2}
