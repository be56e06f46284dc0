"""Old runs go with all that is theirs; what lives, or is needed, stays whole."""

from datetime import timedelta

import pytest

from apps.deliveries.services.enqueue import NewMailDelivery, enqueue_deliveries
from apps.identity.models import Principal, Project
from apps.kernel import clock
from apps.runs.models import Run, RunSignal, Wait
from apps.source_events.models import SourceEvent
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
    sent,
    start,
    tables_with,
)
from tests.support.api import Api
from tests.support.factories import make_api, make_project
from tests.support.specs import spec

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
    # Calls of actions have an age of their own.
    expected = {*tables_with("run_id"), "runs_run"} - {"actions_invocation"}
    assert set(before) >= expected
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
