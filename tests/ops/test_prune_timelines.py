"""Timelines that are kept shorter than their runs."""

import pytest

from apps.identity.models import Project
from apps.run_events.models import RunEvent, RunStream
from apps.runs.models import Run
from tests.ops.old import ended, finished, later, prune_project, report, start
from tests.support.api import Api
from tests.support.drive import claim, dispatch_all
from tests.support.specs import TWO_STEPS

pytestmark = pytest.mark.django_db


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
