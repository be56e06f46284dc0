"""Retention: what is old and done goes, what is live stays."""

from datetime import timedelta
from typing import Any

import pytest

from apps.actions.catalog import find_entry
from apps.actions.models import Invocation
from apps.actions.services.invoke import invoke_action
from apps.api.models import IdempotencyRecord
from apps.deliveries.models import Delivery, DeliveryStatus
from apps.deliveries.services.enqueue import NewMailDelivery, enqueue_deliveries
from apps.identity.models import Project
from apps.jobs.models import Job
from apps.kernel import clock
from apps.ops.services.prune import prune
from apps.source_events.models import SourceEvent
from apps.triggers.models import FireStatus, TriggerFire
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.server_actions import run_actions
from tests.support.specs import ONE_STEP, action, spec

pytestmark = pytest.mark.django_db

NAP = spec({"name": "nap", "sleep": {"duration": "2400h"}}, action("after"))


def test_dispatched_events_of_runs_go_after_three_days(api: Api) -> None:
    api.post("runs", {"spec": ONE_STEP})
    dispatch_all()

    assert prune(now=clock.now() + timedelta(days=2)) == {}
    assert prune(now=clock.now() + timedelta(days=4)) == {"internal_events": 1}
    assert not SourceEvent.objects.exists()


def test_a_timer_that_is_not_due_stays_however_old(api: Api) -> None:
    api.post("runs", {"spec": NAP})
    dispatch_all()

    prune(now=clock.now() + timedelta(days=90))

    assert SourceEvent.objects.get().event_type == "loop_run.resume"


def test_what_happened_to_runs_stays_longer(api: Api) -> None:
    run_id = api.post("runs", {"spec": ONE_STEP}).json()["id"]
    api.post(f"runs/{run_id}/cancellations")
    dispatch_all()

    prune(now=clock.now() + timedelta(days=29))
    assert SourceEvent.objects.get().event_type == "run.cancelled"
    prune(now=clock.now() + timedelta(days=31))
    assert not SourceEvent.objects.exists()


def test_answers_are_replayed_for_a_day(api: Api) -> None:
    api.post("runs", {"spec": ONE_STEP}, **{"Idempotency-Key": "k"})

    prune(now=clock.now() + timedelta(hours=23))
    assert IdempotencyRecord.objects.exists()
    prune(now=clock.now() + timedelta(hours=25))
    assert not IdempotencyRecord.objects.exists()


def test_what_was_sent_is_kept_for_a_month_and_what_waits_for_ever(
    project: Project,
) -> None:
    now = clock.now()
    mails = [
        NewMailDelivery(project.id, "test", [to], "Hello", "Hello")
        for to in ("gone@example.com", "waits@example.com")
    ]
    enqueue_deliveries(mails, now=now)
    sent = Delivery.objects.filter(recipient="gone@example.com")
    sent.update(status=DeliveryStatus.DELIVERED)

    prune(now=now + timedelta(days=29))
    assert sent.exists()
    prune(now=now + timedelta(days=31))
    assert [left.recipient for left in Delivery.objects.all()] == ["waits@example.com"]


def test_it_can_be_seen_for_a_month_why_a_trigger_fired(project: Project) -> None:
    now = clock.now()
    for status in (FireStatus.SKIPPED, FireStatus.QUEUED):
        TriggerFire.objects.create(
            trigger_id="trg_1",
            project_id=project.id,
            dedup_key=status,
            status=status,
            fired_at=now,
        )

    prune(now=now + timedelta(days=29))
    assert TriggerFire.objects.count() == 2
    prune(now=now + timedelta(days=31))
    assert [fire.status for fire in TriggerFire.objects.all()] == [FireStatus.QUEUED]


def test_it_can_be_seen_for_a_month_which_action_was_called(
    api: Api, project: Project
) -> None:
    entry = find_entry(project.id, "random", now=clock.now())
    about: dict[str, Any] = {
        "timeout_seconds": 30,
        "actor_id": "",
        "actor_type": "system",
    }
    ended = invoke_action(project.id, entry, {}, **about, now=clock.now())
    run_actions()
    active = invoke_action(project.id, entry, {}, **about, now=clock.now())

    prune(now=clock.now() + timedelta(days=29))
    assert Invocation.objects.filter(id=ended.id).exists()
    prune(now=clock.now() + timedelta(days=31))
    assert [call.id for call in Invocation.objects.all()] == [active.id]
    assert [job.run_id for job in Job.objects.all()] == [active.id]


def test_a_signal_can_be_read_for_a_month(api: Api) -> None:
    run_id = api.post("runs", {"spec": NAP}).json()["id"]
    api.post(f"runs/{run_id}/signals", {"name": "hurry"})
    dispatch_all()
    signals = SourceEvent.objects.filter(event_type="signal.hurry")

    prune(now=clock.now() + timedelta(days=29))
    assert signals.exists()
    prune(now=clock.now() + timedelta(days=31))
    assert not signals.exists()


def test_a_fact_stays_while_a_fire_waits_that_it_caused(
    api: Api, project: Project
) -> None:
    api.post("source-events", {"event_type": "custom.paid"})
    fact = SourceEvent.objects.get()
    waiting = TriggerFire.objects.create(
        trigger_id="trg_1",
        project_id=project.id,
        dedup_key=fact.id,
        status=FireStatus.QUEUED,
        source_event_id=fact.id,
        fired_at=clock.now(),
    )

    prune(now=clock.now() + timedelta(days=31))
    assert SourceEvent.objects.exists()
    TriggerFire.objects.filter(id=waiting.id).update(status=FireStatus.SUCCESS)
    prune(now=clock.now() + timedelta(days=31))
    assert not SourceEvent.objects.exists()


def test_a_request_stays_until_its_handler_was_dispatched(project: Project) -> None:
    now = clock.now()
    about = {"project_id": project.id, "source_kind": "http_trigger", "due_at": now}
    fact = SourceEvent.objects.create(
        **about,
        event_type="custom.request",
        source_id="trg_1",
        created_at=now,
        dispatched_at=now,
        public=True,
    )
    handler = SourceEvent.objects.create(
        **about,
        event_type="loop.http_trigger.received",
        source_id="trg_1",
        created_at=now,
        event={"trigger_id": "trg_1", "source_event_id": fact.id},
    )

    prune(now=now + timedelta(days=31))
    assert SourceEvent.objects.count() == 2
    SourceEvent.objects.filter(id=handler.id).update(dispatched_at=now)
    prune(now=now + timedelta(days=31))
    assert not SourceEvent.objects.exists()


def test_facts_are_kept_as_long_as_their_project_says(
    api: Api, project: Project
) -> None:
    Project.objects.update(keep_source_events_days=2)
    api.post("source-events", {"event_type": "custom.paid"})

    prune(now=clock.now() + timedelta(days=1))
    assert SourceEvent.objects.exists()
    prune(now=clock.now() + timedelta(days=3))
    assert not SourceEvent.objects.exists()
