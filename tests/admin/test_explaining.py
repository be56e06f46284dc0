"""Why an event did, or did not, wake somebody: on the pages of all three.

And how events, triggers, fires, waits and runs are found and lead to each other.
"""

from typing import Any

import pytest
from django.test import Client

from apps.identity.models import Project
from apps.kernel import clock
from apps.runs.models import Run, Wait
from apps.source_events.models import Listener, SourceEvent
from apps.triggers.models import Trigger, TriggerFire
from tests.admin.conftest import list_of, page_of
from tests.runs.event_waiting import PAID, append, run_of, start, waiting
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.triggers.scenes import Body, on_event, runs_of

pytestmark = pytest.mark.django_db


def press(chief: Client, model: Any, pk: str, **filled: str) -> str:
    """Press the button that explains; return what it says."""
    address = page_of(model, pk, "explain")
    answer = chief.post(address, {"_form_submitted": "on", **filled}, follow=True)
    assert answer.status_code == 200
    return " ".join(str(message) for message in answer.context["messages"])


def found(chief: Client, model: Any, **query: str) -> set[Any]:
    page = chief.get(list_of(model, **query))
    return {row.pk for row in page.context["cl"].result_list}


@pytest.fixture
def trigger(api: Api) -> Body:
    """A trigger for payments over ten."""
    return on_event(api, "custom.payment.*", condition="event.amount > 10")


@pytest.fixture
def wait(api: Api) -> Wait:
    """A wait for a payment of the order of its run."""
    step = waiting(
        match={"event.order": "${inputs.order}"}, condition="event.amount > 10"
    )
    return Wait.objects.get(run_id=start(api, step, inputs={"order": "o1"}))


@pytest.fixture
def paid(project: Project, trigger: Body, wait: Wait) -> str:
    """A payment that both want."""
    event = {"order": "o1", "amount": 50}
    event_id = append(project.id, source_id="shop", event=event)
    dispatch_all(clock.now())
    return event_id


def test_a_wait_says_check_by_check_why_an_event_ended_it(
    chief: Client, wait: Wait, paid: str
) -> None:
    said = press(chief, Wait, wait.id, event_id=f" {paid} ")

    assert said.startswith("It ended the wait, at ")
    for words in (
        f"✓ the type {PAID} matches {PAID}",
        "✓ event.order is &#x27;o1&#x27;",
        "✓ the condition holds: event.amount &gt; 10",
    ):
        assert words in said
    assert "✗" not in said


def test_a_wait_says_check_by_check_why_an_event_did_not_end_it(
    chief: Client, project: Project, wait: Wait
) -> None:
    event_id = append(project.id, event={"order": "o2", "amount": "much"})
    dispatch_all(clock.now())

    said = press(chief, Wait, wait.id, event_id=event_id)

    assert said.startswith("The wait is open, and the event did not end it.")
    assert "✗ event.order is &#x27;o2&#x27;, not &#x27;o1&#x27;" in said
    assert "✗ the condition has no value: no &gt; between string and number" in said
    shown = chief.get(page_of(Wait, wait.id)).content.decode()
    assert "Latest events of its type" in shown
    assert page_of(SourceEvent, event_id) in shown
    assert "✗ event.order is" in shown
    assert "no public source event" in press(chief, Wait, wait.id, event_id="sevt_none")


def test_a_wait_for_anything_else_offers_no_comparison(api: Api, chief: Client) -> None:
    run_id = start(api, {"name": "hold", "pause": {"reason": "look"}})

    shown = chief.get(page_of(Wait, Wait.objects.get(run_id=run_id).id))

    assert "Why did it" not in shown.content.decode()


def test_an_event_is_compared_with_a_trigger_or_a_wait(
    chief: Client, trigger: Body, wait: Wait, paid: str
) -> None:
    fired = press(chief, SourceEvent, paid, ref=trigger["id"])
    resumed = press(chief, SourceEvent, paid, ref=f" {wait.id} ")

    assert fired.startswith("It fired: fire_")
    assert "✓ the condition holds: event.amount &gt; 10" in fired
    assert resumed.startswith("It ended the wait")
    for ref, words in (
        ("trg_none", "there is no trigger trg_none"),
        ("wait_none", "there is no wait for events wait_none"),
        ("sevt_x", "expected trg_…, wait_…"),
    ):
        assert words in press(chief, SourceEvent, paid, ref=ref)


def test_an_event_shows_who_listens_for_its_type_and_what_each_says(
    api: Api, chief: Client, project: Project, trigger: Body, wait: Wait
) -> None:
    other = on_event(api, "custom.refund.made", name="other")
    event_id = append(project.id, event={"order": "o2", "amount": 50})
    dispatch_all(clock.now())

    shown = chief.get(page_of(SourceEvent, event_id)).content.decode()

    assert "Who listens for its type" in shown
    assert page_of(Trigger, trigger["id"]) in shown
    assert page_of(Wait, wait.id) in shown
    assert page_of(Trigger, other["id"]) not in shown
    assert "✓ it fits" in shown
    assert "✗ event.order is &#x27;o2&#x27;, not &#x27;o1&#x27;" in shown


def test_an_internal_event_is_compared_with_nobody(
    api: Api, chief: Client, wait: Wait
) -> None:
    internal = SourceEvent.objects.filter(public=False, run_id=wait.run_id)[0]

    shown = chief.get(page_of(SourceEvent, internal.id)).content.decode()

    assert "Who listens for its type" not in shown
    assert "Why did it" not in shown


def test_events_waits_fires_and_runs_are_found_by_what_they_have_to_do_with(
    api: Api, chief: Client, project: Project, trigger: Body, wait: Wait, paid: str
) -> None:
    (run,) = runs_of(trigger)
    fire = TriggerFire.objects.get(trigger_id=trigger["id"])
    searches: list[tuple[Any, str, set[str]]] = [
        (SourceEvent, "shop", {paid}),
        (SourceEvent, PAID, {paid}),
        (Wait, PAID, {wait.id}),
        (Wait, wait.step_name, {wait.id}),
        (Wait, wait.run_id, {wait.id}),
        (Wait, paid, {wait.id}),
        (TriggerFire, paid, {fire.id}),
        (TriggerFire, run.id, {fire.id}),
        (TriggerFire, wait.run_id, set()),
        (Run, paid, {run.id}),
        (Run, trigger["id"], {run.id}),
    ]
    for model, word, rows in searches:
        assert found(chief, model, q=word) == rows, (model, word)
    listens = Listener.objects.get(ref=trigger["id"])
    assert found(chief, Listener, q="custom.payment.*") == {listens.pk}
    assert run_of(api, wait.run_id)["status"] == "completed"


def test_waits_are_found_by_the_source_they_wait_for(api: Api, chief: Client) -> None:
    runs = [start(api, waiting(source_id=source)) for source in ("shop", "web")]

    (shown,) = found(chief, Wait, event_filter__source_id="shop")

    assert shown == Wait.objects.get(run_id=runs[0]).id


def test_a_run_leads_to_its_trigger_its_event_its_waits_and_its_parent(
    chief: Client, trigger: Body, wait: Wait, paid: str
) -> None:
    (run,) = runs_of(trigger)
    Run.objects.filter(id=run.id).update(parent_run_id=wait.run_id)

    started = chief.get(page_of(Run, run.id)).content.decode()
    resumed = chief.get(page_of(Run, wait.run_id)).content.decode()
    event = chief.get(page_of(SourceEvent, paid)).content.decode()

    assert page_of(Trigger, trigger["id"]) in started
    assert page_of(SourceEvent, paid) in started
    assert page_of(Run, wait.run_id) in started
    assert page_of(Wait, wait.id) in resumed
    assert page_of(SourceEvent, paid) in resumed
    for model in (TriggerFire, Run, Wait):
        assert list_of(model, q=paid) in event
