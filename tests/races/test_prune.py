"""Pruning at the same moment as itself, as a retry, and as the dispatcher."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.dispatch.services.drain import drain_batch
from apps.identity.models import Project
from apps.kernel import clock
from apps.kernel.errors import NotFound
from apps.ops.services.prune import prune
from apps.run_events.models import RunEvent, RunStream
from apps.runs.models import Run
from apps.runs.services.retry import retry_run
from apps.runs.services.start import NewRun, start_run
from apps.source_events.models import SourceEvent
from apps.workflows import specs
from apps.workflows.models import Spec
from apps.workflows.specs import admit_spec
from tests.ops.old import (
    NAP,
    bare_runs,
    cancelled,
    ended,
    finished,
    rows_of,
    start,
)
from tests.ops.test_prune_specs import look
from tests.races.test_races import at_once
from tests.support.api import Api
from tests.support.drive import claim, dispatch_all
from tests.support.specs import ONE_STEP

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS = 8


def forget(digest: str) -> None:
    """Be another process, which reads the spec from the table."""
    specs._parsed.pop(digest)


def pruning(project: Project, now: datetime | None = None) -> Any:
    """The act of pruning a project."""
    return lambda: prune(now=now or clock.now(), projects=[project], server=False)


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_a_retry_finds_the_run_whole_or_not_at_all(
    api: Api, project: Project, round_: int
) -> None:
    run_id = ended(finished(api, project, "failed"), 91)
    whole = RunEvent.objects.filter(run_id=run_id).count()

    retried, pruned = at_once(
        lambda: retry_run(project.id, run_id, now=clock.now()), pruning(project)
    )

    if isinstance(retried, NotFound):
        assert pruned["runs"] == 1  # type: ignore[index]
        assert rows_of(run_id, spent=False) == {}
        return
    assert retried is None, retried
    assert "runs" not in pruned  # type: ignore[operator]
    dispatch_all()
    numbers = RunEvent.objects.filter(run_id=run_id).order_by("seq")
    assert [line.seq for line in numbers][:whole] == [*range(1, whole + 1)]
    job = claim(project.id)
    assert job is not None
    assert job["run_id"] == run_id


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_a_retry_against_pruning_the_timeline_goes_on_numbering(
    api: Api, project: Project, round_: int
) -> None:
    Project.objects.update(keep_run_events_days=7)
    project.refresh_from_db()
    run_id = ended(finished(api, project, "failed"), 8)
    last = RunStream.objects.get(run_id=run_id).last_seq

    at_once(lambda: retry_run(project.id, run_id, now=clock.now()), pruning(project))

    dispatch_all()
    run = Run.objects.get(id=run_id)
    numbers = [
        *RunEvent.objects.filter(run_id=run_id)
        .order_by("seq")
        .values_list("seq", flat=True)
    ]
    head = RunStream.objects.get(run_id=run_id).last_seq
    assert run.completed_at is None
    assert not run.timeline_pruned
    assert numbers in ([*range(1, head + 1)], [*range(last + 1, head + 1)])


@pytest.mark.parametrize("round_", range(4))
def test_several_prune_at_once_and_each_run_goes_once(
    project: Project, round_: int
) -> None:
    bare_runs(project, 900, lines=5, days_ago=91)
    bare_runs(project, 50, lines=5, days_ago=1)

    counts = at_once(*[pruning(project)] * 4)

    # Who finds only what others hold is done; together they did all of it.
    assert sum(count["runs"] for count in counts) == 900  # type: ignore[index]
    assert sum(count["run_events"] for count in counts) == 4500  # type: ignore[index]
    assert Run.objects.count() == RunStream.objects.count() == 50
    assert RunEvent.objects.count() == 250


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_the_dispatcher_may_have_a_timer_of_the_run_in_its_hands(
    api: Api, project: Project, round_: int
) -> None:
    run_id = ended(cancelled(api, start(api, NAP)), 91)
    due = clock.now() + timedelta(hours=1)
    SourceEvent.objects.filter(run_id=run_id, dispatched_at=None).update(due_at=due)

    dispatched, pruned = at_once(
        lambda: drain_batch(due + timedelta(seconds=1)), pruning(project)
    )

    # For the dispatcher it is an hour later, and the timer due. Who comes first has
    # it; neither waits for the other in a circle.
    assert dispatched in (0, 1), dispatched
    assert isinstance(pruned, dict), pruned
    pruning(project)()
    assert not Run.objects.exists()
    assert not SourceEvent.objects.filter(run_id=run_id, dispatched_at=None).exists()


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_a_run_that_is_started_has_its_spec_whatever_is_deleted_meanwhile(
    api: Api, project: Project, round_: int
) -> None:
    now = clock.now()
    digest, _ = admit_spec(ONE_STEP, now=now)
    look(now + timedelta(days=2))
    asked = NewRun(spec=ONE_STEP)

    _, *started = at_once(
        lambda: look(now + timedelta(days=4)),
        *[lambda: start_run(project.id, asked, now=clock.now())] * 2,
    )

    for run in started:
        assert isinstance(run, Run), run
        assert run.spec_digest == digest
    assert Spec.objects.get(digest=digest).condemned_at is None
    forget(digest)
    dispatch_all()
    assert claim(project.id) is not None
