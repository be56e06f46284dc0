"""What still needs a finished run keeps it, with all that is its own."""

from typing import Any

import pytest

from apps.deliveries.services.enqueue import NewMailDelivery, enqueue_deliveries
from apps.identity.models import Project
from apps.interactions.models import Interaction
from apps.jobs.models import Job
from apps.kernel import clock
from apps.runs.models import Run
from apps.source_events.models import SourceEvent
from apps.triggers.models import FireStatus, TriggerFire
from tests.ops.old import (
    cancelled,
    ended,
    finished,
    later,
    prune_project,
    rows_of,
    sent,
    start,
)
from tests.support.api import Api

pytestmark = pytest.mark.django_db


def hold_by_claimed_job(api: Api, run_id: str) -> Any:
    jobs = Job.objects.filter(run_id=run_id)
    jobs.update(
        status="claimed",
        worker_id="w9",
        claimed_at=clock.now(),
        lease_expires_at=later(days=100),
    )
    return lambda: jobs.update(status="lost")


def hold_by_question(api: Api, run_id: str) -> Any:
    somebody = api.get("principals").json()["items"][0]["id"]
    asked = api.post(
        "interactions", {"type": "approval", "message": "?", "targets": [somebody]}
    )
    questions = Interaction.objects.filter(id=asked.json()["id"])
    questions.update(run_id=run_id)
    return lambda: questions.update(status="expired")


def event_of(run: str, **more: Any) -> SourceEvent:
    values = {
        "project_id": Run.objects.get(id=run).project_id,
        "event_type": "loop_run.resume",
        "source_kind": "timer",
        "source_id": run,
        "created_at": clock.now(),
        "due_at": clock.now(),
        "dispatched_at": None,
        **more,
    }
    return SourceEvent.objects.create(**values)


def hold_by_due_event(api: Api, run_id: str) -> Any:
    waiting = event_of(run_id, run_id=run_id)
    return lambda: SourceEvent.objects.filter(id=waiting.id).update(
        dispatched_at=clock.now()
    )


def hold_by_failing_event(api: Api, run_id: str) -> Any:
    failing = event_of(run_id, run_id=run_id, failures=3, due_at=later(days=200))
    return lambda: SourceEvent.objects.filter(id=failing.id).update(failures=0)


def hold_by_undispatched_fact(api: Api, run_id: str) -> Any:
    facts = SourceEvent.objects.filter(source_id=run_id, public=True)
    assert facts.update(dispatched_at=None)
    return lambda: facts.update(dispatched_at=clock.now())


def hold_by_callback(api: Api, run_id: str) -> Any:
    hold_by_question(api, run_id)()
    question = Interaction.objects.get(run_id=run_id)
    errand = event_of(run_id, source_id=question.id, source_kind="interaction")
    return lambda: SourceEvent.objects.filter(id=errand.id).update(
        dispatched_at=clock.now()
    )


def hold_by_queued_fire(api: Api, run_id: str) -> Any:
    fact = SourceEvent.objects.get(source_id=run_id, event_type="run.completed")
    fire = TriggerFire.objects.create(
        trigger_id="trg_1",
        project_id=fact.project_id,
        dedup_key=fact.id,
        status=FireStatus.QUEUED,
        source_event_id=fact.id,
        fired_at=clock.now(),
    )
    return lambda: TriggerFire.objects.filter(id=fire.id).update(status="success")


def hold_by_unsent_mail(api: Api, run_id: str) -> Any:
    project_id = Run.objects.get(id=run_id).project_id
    mail = NewMailDelivery(
        project_id, "test", ["a@example.com"], "Hello", "Hello", run_id=run_id
    )
    enqueue_deliveries([mail], now=clock.now())
    return lambda: sent(run_id)


def hold_by_live_child(api: Api, run_id: str) -> Any:
    child = start(api)
    Run.objects.filter(id=child).update(parent_run_id=run_id)
    return lambda: cancelled(api, child)


HOLDS = [
    hold_by_claimed_job,
    hold_by_question,
    hold_by_due_event,
    hold_by_failing_event,
    hold_by_undispatched_fact,
    hold_by_callback,
    hold_by_queued_fire,
    hold_by_unsent_mail,
    hold_by_live_child,
]


@pytest.mark.parametrize("hold", HOLDS, ids=lambda hold: hold.__name__)
def test_what_still_needs_a_run_keeps_it_and_all_that_is_its_own(
    api: Api, project: Project, hold: Any
) -> None:
    run_id = ended(finished(api, project), 91)
    release = hold(api, run_id)
    before = rows_of(run_id, spent=False)

    assert "runs" not in prune_project(project)
    assert rows_of(run_id, spent=False) == before

    release()
    assert prune_project(project)["runs"] == 1
    assert rows_of(run_id, spent=False) == {}
