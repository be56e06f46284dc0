"""Why an event does not resume a wait: every check, and the same as what is done."""

from itertools import product
from typing import Any

import pytest

from apps.identity.models import Project
from apps.kernel.errors import NotFound
from apps.runs.explaining import checks, explain_wait
from apps.runs.models import Wait
from apps.runs.waiting_events import event_waits_of, look_back
from apps.source_events.explaining import public_event
from apps.source_events.models import SourceEvent
from tests.runs.event_waiting import PAID, append, publish, start, waiting
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.frozen import FrozenClock

pytestmark = pytest.mark.django_db

FILTERS: list[dict[str, Any]] = [
    {"source_id": "shop"},
    {"match": {"event.n": 1, "meta.x": None}},
    {"condition": "event.n < 2"},
    {"condition": "event.n == inputs.n"},
    {"event_type": "custom.payment.*", "condition": "event.list[0] == 1"},
    {"source_id": "shop", "match": {"event.n": 1}, "condition": "meta.x == 'y'"},
]
EVENTS: list[dict[str, Any]] = [
    {"source_id": source, "event": {"n": n, "list": [n]}, "meta": {"x": x}}
    for source, n, x in product(("shop", "web"), (1, 2, "1"), ("y", None))
]


def said(wait: Wait, event: SourceEvent) -> dict[str, bool]:
    return {check.error or check.words: check.holds for check in checks(wait, event)}


@pytest.mark.parametrize("wanted", FILTERS)
def test_what_is_explained_is_what_the_dispatcher_decides(
    api: Api, project: Project, wanted: dict[str, Any]
) -> None:
    run_id = start(api, waiting(**wanted), inputs={"n": 1})
    ids = [append(project.id, **event) for event in EVENTS]
    ids += [append(project.id, f"{PAID}.late"), append(project.id, "custom.other")]
    wait = Wait.objects.get(run_id=run_id)
    (asked,) = event_waits_of([(run_id, wait.task_id)])
    roots = {"inputs": {"n": 1}, "state": {}}

    fits = {
        event.id: all(check.holds for check in checks(wait, event))
        for event in SourceEvent.objects.filter(id__in=ids)
    }

    assert {id_ for id_, holds in fits.items() if holds} == {
        event.id for event in look_back(asked, roots)
    }
    assert len(set(fits.values())) == 2


def test_every_check_of_a_match_is_told(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    early = append(project.id, event={"a": 1})
    frozen.tick(seconds=1)
    step = waiting(
        source_id="shop",
        match={"meta.n": 1},
        condition="event.a == inputs.a",
        timeout="1h",
    )
    run_id = start(api, step, inputs={"a": 1})
    wait = Wait.objects.get(run_id=run_id)
    frozen.tick(hours=2)
    late = append(project.id, source_id="shop", event={"a": 1}, meta={"n": 1})

    found = said(wait, public_event(early))
    assert list(found.values()) == [True, True, False, True, True, False, False, True]
    for words in (
        "both belong to the same project",
        f"the type {PAID} matches {PAID}",
        "no earlier wait of the run took it",
        "source_id is '', not 'shop'",
        "meta.n is None, not 1",
        "the condition holds: event.a == inputs.a",
    ):
        assert words in found
    assert [words for words, holds in said(wait, public_event(late)).items()] != []
    assert list(said(wait, public_event(late)).values()).index(False) == 3


def test_what_came_of_an_event_is_told(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    again = {**waiting(condition="event.a == inputs.a"), "next": [{"step": "paid"}]}
    run_id = start(api, again, inputs={"a": 1})
    first = Wait.objects.get(run_id=run_id)
    unfit = publish(api, event={"a": 2})
    waiting_ = append(project.id, event={"a": 1})

    def came(event_id: str, wait: Wait = first) -> str:
        return explain_wait(wait.id, public_event(event_id)).came

    assert came(unfit).startswith("The wait is open, and the event did not end it.")
    assert came(waiting_).startswith("The wait is open, and the event is not dispatch")
    frozen.tick(seconds=1)
    dispatch_all(frozen.at)
    assert came(waiting_).startswith("It ended the wait, at ")
    assert f"resumed by {waiting_}" in came(unfit)

    second = Wait.objects.get(run_id=run_id, closed_at=None)
    again_ = explain_wait(second.id, public_event(waiting_))
    assert "listens from" in again_.objection
    told = {check.words: check.holds for check in again_.checks}
    assert told["no earlier wait of the run took it"] is False
    over = explain_wait(first.id, public_event(waiting_))
    assert over.objection == ""
    assert "which has gone on" in over.checks[-1].words


def test_what_waits_for_no_event_cannot_be_compared(api: Api, project: Project) -> None:
    run_id = start(api, {"name": "hold", "pause": {"reason": "look"}})
    event = public_event(append(project.id))

    for id_ in (Wait.objects.get(run_id=run_id).id, "wait_none"):
        with pytest.raises(NotFound, match="there is no wait for events"):
            explain_wait(id_, event)
    internal = SourceEvent.objects.filter(public=False).first()
    assert internal is not None
    with pytest.raises(NotFound, match="there is no public source event"):
        public_event(internal.id)
