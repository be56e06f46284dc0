"""The pages of triggers: what goes off, what came of it, and why not."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from apps.identity.models import Project
from apps.kernel import clock
from apps.source_events.services.append import Fact, append_source_event
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.specs import action, spec
from tests.triggers.scenes import (
    Body,
    create,
    fires_of,
    happen,
    on_event,
    row,
    runs_of,
    workflow,
)

PAID = "custom.payment.received"


@pytest.fixture
def chief(db: None) -> Client:
    """Somebody who may do everything on the pages."""
    client = Client()
    client.force_login(User.objects.create_superuser("chief", "", "secret-secret"))
    return client


def page(trigger: Body, name: str = "change") -> str:
    return reverse(f"admin:triggers_trigger_{name}", args=[trigger["id"]])


def press(chief: Client, trigger: Body, name: str, **filled: Any) -> str:
    """Press a button; return what it says."""
    answer = chief.post(
        page(trigger, name), {"_form_submitted": "on", **filled}, follow=True
    )
    assert answer.status_code == 200
    return " ".join(str(message) for message in answer.context["messages"])


def test_a_trigger_is_fired_by_a_button(api: Api, chief: Client) -> None:
    declared = spec(action("a"), inputs=[{"name": "sha", "type": "string"}])
    trigger = create(api, targets=[{"workflow_id": workflow(api, "w", declared)}])

    said = press(chief, trigger, "fire", inputs='{"sha": "abc"}')

    (run,) = runs_of(trigger)
    assert run.inputs["sha"] == "abc"
    assert run.inputs["meta"]["fired_by"] == "the admin chief"
    assert said == f"The fire is success. Runs: {run.id}."
    assert "input sha is required" in press(chief, trigger, "fire", inputs="")
    assert "expected a JSON object" in press(chief, trigger, "fire", inputs="[1]")
    shown = chief.get(page(trigger)).content.decode()
    assert fires_of(trigger)[0].id in shown
    assert run.id in shown


def test_a_trigger_is_disabled_and_enabled_by_buttons(api: Api, chief: Client) -> None:
    trigger = create(api, "schedule", source_config={"interval": "1h"})

    assert "disabled" in press(chief, trigger, "disable")
    assert (row(trigger).enabled, row(trigger).next_fire_at) == (False, None)
    assert "enabled" in press(chief, trigger, "enable")
    assert row(trigger).next_fire_at is not None


def test_a_match_is_explained_check_by_check(
    api: Api, project: Project, chief: Client
) -> None:
    trigger = on_event(
        api,
        "custom.payment.*",
        condition="event.amount > 10",
        source_id="shop",
        target={"condition": "meta.loud"},
    )
    event_id = happen(
        project.id, PAID, clock.now(), source_id="shop", event={"amount": 50}
    )

    said = press(chief, trigger, "explain", event_id=f" {event_id} ")

    (fire,) = fires_of(trigger)
    assert said.startswith(
        f"It fired: {fire.id} is skipped (no target&#x27;s condition holds)."
    )
    for words in (
        "✓ the trigger is enabled",
        "✓ both belong to the same project",
        f"✓ the type {PAID} matches custom.payment.*",
        "✓ the source is shop",
        "✓ the condition holds: event.amount &gt; 10",
        "✓ 0 runs led to it",
        "✗ the condition of target 1 holds: meta.loud",
    ):
        assert words in said


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        ({"event_type": "custom.refund.made"}, "✗ the type custom.refund.made matches"),
        ({"source_id": "web"}, "✗ the source is shop; that of the event is web"),
        ({"event": {"amount": 1}}, "✗ the condition holds: event.amount &gt; 10"),
        (
            {"event": {"amount": "x"}},
            "✗ the condition cannot be decided: no &gt; between string and number",
        ),
        ({"depth": 16}, "✗ 16 runs led to it, fewer than 16"),
        ({"event_type": "interaction.resolved"}, "✗ interaction.resolved may start"),
    ],
)
def test_what_does_not_match_is_explained(
    api: Api, project: Project, chief: Client, fact: Body, words: str
) -> None:
    trigger = on_event(
        api, "custom.payment.*", condition="event.amount > 10", source_id="shop"
    )
    body = {"event_type": PAID, "source_id": "shop", "event": {"amount": 50}, **fact}
    event_id = append_source_event(
        Fact(project.id, source_kind="custom", settled=None, **body), now=clock.now()
    )
    dispatch_all()

    assert words in press(chief, trigger, "explain", event_id=event_id)


def test_an_event_from_before_the_trigger_is_told_as_such(
    api: Api, project: Project, chief: Client
) -> None:
    event_id = happen(project.id, PAID, clock.now())
    trigger = on_event(api, PAID)

    said = press(chief, trigger, "explain", event_id=event_id)

    assert "the event is older than the trigger" in said
    assert "there is no public source event" in press(
        chief, trigger, "explain", event_id="sevt_none"
    )


def test_a_queued_fire_shows_what_it_waits_with(api: Api, chief: Client) -> None:
    trigger = create(api, concurrency_policy="queue")
    for number in range(2):
        api.post(f"triggers/{trigger['id']}/fire", {"inputs": {"n": f"no. {number}"}})
    queued = fires_of(trigger)[1]

    address = reverse("admin:triggers_triggerfire_change", args=[queued.id])
    shown = chief.get(address).content.decode()
    assert "no. 1" in shown
    listed = reverse("admin:triggers_triggerfire_changelist")
    assert queued.id in chief.get(f"{listed}?q={trigger['id']}").content.decode()
    assert queued.id not in chief.get(f"{listed}?status=success").content.decode()


def test_a_secret_is_on_no_page(api: Api, chief: Client) -> None:
    trigger = create(api, "http", webhook_secret="hunter2")

    shown = chief.get(page(trigger)).content.decode()

    assert "signed requests only" in shown
    assert "hunter2" not in shown
    assert row(trigger).sealed_secret not in shown
