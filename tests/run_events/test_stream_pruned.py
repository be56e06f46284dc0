"""Streams of runs that are so old that they, or their timelines, are gone."""

from datetime import timedelta

from apps.identity.models import Project
from apps.kernel import clock
from apps.ops.services.prune import prune
from apps.run_events.models import RunEvent, RunStream
from apps.run_events.selectors import runs_ahead
from apps.runs.models import Run
from tests.run_events.conftest import Timeline, Watch


def grow_old(timeline: Timeline) -> None:
    """The run ended long ago, and pruning came by; no stream heard of its end."""
    Run.objects.filter(id=timeline.run.id).update(
        status="completed", completed_at=clock.now() - timedelta(days=40)
    )
    prune(now=clock.now())


def test_a_stream_ends_when_its_run_is_pruned(
    home: Project, watch: Watch, timeline: Timeline
) -> None:
    Project.objects.update(keep_runs_days=30)
    stream = watch()
    stream.take(1)
    timeline.add("run.started", status="queued")
    assert [frame.line for frame in stream.take(1)] == ["run.started"]

    grow_old(timeline)

    assert stream.rest() == []
    assert watch().status == 404


def test_a_stream_ends_when_the_lines_it_has_not_read_are_gone(
    home: Project, watch: Watch, timeline: Timeline
) -> None:
    Project.objects.update(keep_run_events_days=30)
    stream = watch()
    stream.take(1)
    timeline.add("run.started", status="queued")
    stream.take(1)
    RunStream.objects.update(last_seq=5)

    grow_old(timeline)

    assert stream.rest() == []
    assert not RunEvent.objects.exists()


def test_a_stream_of_a_run_without_timeline_is_its_seed(
    home: Project, watch: Watch, timeline: Timeline
) -> None:
    Project.objects.update(keep_run_events_days=30)
    timeline.add("run.started", "step.started", "run.completed")
    grow_old(timeline)

    frames = watch(since=1).rest()

    assert [(frame.line, frame.data["data"]["status"]) for frame in frames] == [
        ("seed", "completed")
    ]
    listed = watch(accept="application/json").json()
    assert (listed["items"], listed["has_more"]) == ([], False)


def test_who_is_up_to_date_waits_on(home: Project, timeline: Timeline) -> None:
    timeline.add("run.started", "step.started", status="queued")
    run_id = timeline.run.id

    assert runs_ahead({run_id: 2}) == {}
    assert runs_ahead({run_id: 1}) == {run_id: True}
    assert runs_ahead({"run_gone": 2}) == {"run_gone": False}
