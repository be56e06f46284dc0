"""Old runs go with all that is theirs; what lives, or is needed, stays whole."""

from datetime import timedelta
from typing import Any

import pytest

from apps.deliveries.models import Delivery
from apps.deliveries.services.enqueue import NewMailDelivery, enqueue_deliveries
from apps.identity.models import Principal, Project
from apps.interactions.models import Interaction
from apps.jobs.models import Job
from apps.kernel import clock
from apps.run_events.models import RunEvent, RunStream
from apps.runs.models import Run, RunSignal, Wait
from apps.source_events.models import SourceEvent
from apps.triggers.models import FireStatus, TriggerFire
from tests.interactions.scenes import USE, answer, pending, people, step, user
from tests.ops.old import (
    NAP,
    cancelled,
    ended,
    finished,
    later,
    prune_project,
    report,
    rows_of,
    start,
    tables_with,
)
from tests.support.api import Api
from tests.support.drive import claim, dispatch_all
from tests.support.factories import make_api, make_project
from tests.support.specs import TWO_STEPS, spec

pytestmark = pytest.mark.django_db

ASKING = {"reminders": ["24000h"], "timeout": "48000h"}


@pytest.fixture
def ann(project: Project) -> Principal:
    """Somebody to ask."""
    return people(project, "ann")[0]


def rich(api: Api, project: Project, ann: Principal) -> str:
    """A finished run with something in every table that a run can have rows in."""
    steps = spec(step(user(ann), **ASKING), USE)
    run_id = start(api, steps)
    answer(ann, pending(api, run_id))
    report(api, project)
    assert Run.objects.get(id=run_id).status == "completed"
    RunSignal.objects.create(
        id=f"sig_{run_id}",
        run_id=run_id,
        project_id=project.id,
        name="late",
        created_at=clock.now(),
    )
    mail = NewMailDelivery(
        project.id, "test", ["ann@example.com"], "Hello", "Hello", run_id=run_id
    )
    enqueue_deliveries([mail], now=clock.now())
    sent(run_id)
    return run_id


def sent(run_id: str) -> None:
    """Whatever was to be sent for a run is sent."""
    Delivery.objects.filter(run_id=run_id).update(status="delivered")


def test_a_run_goes_with_everything_and_nothing_of_others(
    api: Api, project: Project, ann: Principal
) -> None:
    old, young = rich(api, project, ann), rich(api, project, ann)
    ended(old, 91)
    ended(young, 89)
    before = rows_of(young)

    deleted = prune_project(project)

    assert rows_of(old, spent=False) == {}
    assert rows_of(young) == before
    assert set(before) >= {*tables_with("run_id"), "runs_run"}
    assert deleted["runs"] == deleted["interactions"] == deleted["responses"] == 1
    assert deleted["jobs"] == deleted["signals"] == 1
    assert api.get(f"runs/{old}").status_code == 404
    assert api.get(f"runs/{old}/jobs").status_code == 404
    assert api.get(f"runs/{young}").status_code == 200


def test_its_dispatched_events_are_gone_by_then_and_its_facts_have_their_own_age(
    api: Api, project: Project
) -> None:
    run_id = finished(api, project)

    prune_project(project, later(days=4))
    assert not SourceEvent.objects.filter(run_id=run_id).exists()
    project.keep_runs_days, project.keep_source_events_days = 1, 365
    project.save()
    prune_project(project, later(days=40))
    assert not Run.objects.exists()
    assert SourceEvent.objects.get(source_id=run_id).event_type == "run.completed"
    prune_project(project, later(days=366))
    assert not SourceEvent.objects.exists()


def test_dispatched_events_do_not_outlive_runs_that_are_kept_shorter(
    api: Api, project: Project
) -> None:
    run_id = finished(api, project)
    Project.objects.update(keep_runs_days=1)

    prune_project(project, later(days=1, minutes=1))

    assert rows_of(run_id, spent=False) == {}
    assert not SourceEvent.objects.filter(run_id=run_id).exists()


def test_each_project_has_its_own_ages(api: Api, project: Project) -> None:
    other = make_project("initech")
    theirs = finished(make_api(other, role="Admin"), other)
    ours = finished(api, project)
    Project.objects.filter(id=other.id).update(keep_runs_days=400)

    for place in (project, other):
        prune_project(place, later(days=100))

    assert list(Run.objects.values_list("id", flat=True)) == [theirs]
    assert rows_of(ours, spent=False) == {}
    prune_project(other, later(days=401))
    assert not Run.objects.exists()


def test_a_live_run_stays_however_old(
    api: Api, project: Project, ann: Principal
) -> None:
    live = [start(api), start(api, NAP), start(api, spec(step(user(ann))))]
    Run.objects.update(created_at=clock.now() - timedelta(days=4000))
    before = [rows_of(run_id, spent=False) for run_id in live]

    prune_project(project, later(days=4000))

    assert [rows_of(run_id, spent=False) for run_id in live] == before


def test_a_failed_run_that_is_old_is_not_kept_to_be_retried(
    api: Api, project: Project
) -> None:
    run_id = finished(api, project, "failed")

    assert prune_project(project, later(days=91))["runs"] == 1

    retried = api.post("runs/retries", {"run_ids": [run_id]}).json()
    assert set(retried["failures"]) == {run_id}


def test_timers_of_a_cancelled_run_go_with_it(api: Api, project: Project) -> None:
    run_id = ended(cancelled(api, start(api, NAP)), 91)
    timers = SourceEvent.objects.filter(run_id=run_id, dispatched_at=None)
    assert timers.count() == 1

    prune_project(project)

    assert not timers.exists()
    assert not Wait.objects.exists()


# --- What is needed ---------------------------------------------------------------


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


# --- Timelines that are kept shorter ------------------------------------------------


def test_a_timeline_goes_before_its_run_where_the_project_says_so(
    api: Api, project: Project
) -> None:
    Project.objects.update(keep_run_events_days=7)
    old, young = finished(api, project), finished(api, project)
    ended(old, 8)
    ended(young, 6)
    whole = RunEvent.objects.filter(run_id=young).count()

    deleted = prune_project(project)

    assert deleted == {"run_events": whole, "timelines": 1}
    assert list(RunEvent.objects.values_list("run_id", flat=True).distinct()) == [young]
    assert RunStream.objects.get(run_id=old).last_seq == whole
    shown = api.get(f"runs/{old}").json()
    assert shown["status"] == "completed"
    assert len(shown["jobs"]) == 1
    assert prune_project(project) == {}
    prune_project(project, later(days=90))
    assert not Run.objects.exists()


def test_a_run_retried_without_its_timeline_goes_on_numbering_and_loses_it_again(
    api: Api, project: Project
) -> None:
    Project.objects.update(keep_run_events_days=7)
    run_id = ended(finished(api, project, "failed"), 8)
    last = RunStream.objects.get(run_id=run_id).last_seq
    prune_project(project)

    api.post("runs/retries", {"run_ids": [run_id]})
    dispatch_all()

    first = RunEvent.objects.filter(run_id=run_id).order_by("seq").first()
    assert first is not None
    assert (first.seq, first.type) == (last + 1, "run.resumed")
    report(api, project, queue=Run.objects.get(id=run_id).queue)
    assert prune_project(project) == {}
    ended(run_id, 8)
    assert prune_project(project)["timelines"] == 1
    assert not RunEvent.objects.filter(run_id=run_id).exists()


def test_a_timeline_is_never_kept_longer_than_its_run(
    api: Api, project: Project
) -> None:
    Project.objects.update(keep_runs_days=5, keep_run_events_days=500)
    finished(api, project)

    prune_project(project, later(days=6))

    assert not RunEvent.objects.exists()
    assert not RunStream.objects.exists()


def test_the_timeline_of_a_live_run_stays(api: Api, project: Project) -> None:
    Project.objects.update(keep_run_events_days=1)
    run_id = start(api, TWO_STEPS)
    assert claim(project.id) is not None
    lines = RunEvent.objects.filter(run_id=run_id).count()

    prune_project(project, later(days=30))

    assert RunEvent.objects.filter(run_id=run_id).count() == lines
