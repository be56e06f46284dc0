"""The dispatcher: everything once, and one bad event harms nobody else."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.dispatch import router
from apps.dispatch.services import drain
from apps.engine.inputs import Input, RunCreated
from apps.jobs.models import Job
from apps.kernel import clock
from apps.kernel.errors import Conflict
from apps.runs.models import Run
from apps.source_events.models import SourceEvent
from apps.source_events.services.requeue import requeue_event
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.specs import ONE_STEP, action, spec

pytestmark = pytest.mark.django_db

Reader = Callable[[Mapping[str, Any], datetime], Input]


def start(api: Api) -> str:
    return str(api.post("runs", {"spec": ONE_STEP}).json()["id"])


@pytest.fixture
def poisoned(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Runs whose first event cannot be dispatched."""
    runs: set[str] = set()

    def read(event: Mapping[str, Any], now: datetime) -> Input:
        if event["run_id"] in runs:
            raise RuntimeError("poison")
        return RunCreated(now)

    readers = {**router.READERS, "run.progress_initial": read}
    monkeypatch.setattr(router, "READERS", readers)
    return runs


def test_a_started_run_waits_in_the_outbox(api: Api) -> None:
    run_id = start(api)

    event = SourceEvent.objects.get(run_id=run_id)
    assert (event.event_type, event.dispatched_at) == ("run.progress_initial", None)
    assert not Job.objects.exists()


def test_nothing_is_dispatched_twice(api: Api) -> None:
    start(api)

    assert dispatch_all() == 1
    assert dispatch_all() == 0
    assert Job.objects.count() == 1


def test_one_batch_moves_many_runs(
    api: Api, django_assert_max_num_queries: Any
) -> None:
    runs = [start(api) for _ in range(30)]

    with django_assert_max_num_queries(15):
        assert drain.drain_batch(clock.now()) == 30

    assert set(Job.objects.values_list("run_id", flat=True)) == set(runs)


def test_a_poisoned_event_delays_itself_only(api: Api, poisoned: set[str]) -> None:
    bad, good = start(api), start(api)
    poisoned.add(bad)

    drain.drain_batch(clock.now())

    assert list(Job.objects.values_list("run_id", flat=True)) == [good]
    event = SourceEvent.objects.get(run_id=bad)
    assert (event.dispatched_at, event.failures) == (None, 1)
    assert event.last_error == "RuntimeError: poison"


def test_a_poisoned_event_comes_back_later_and_later(
    api: Api, poisoned: set[str]
) -> None:
    poisoned.add(start(api))
    now = clock.now()
    drain.drain_batch(now)
    delays = []
    for _ in range(4):
        event = SourceEvent.objects.get()
        delays.append(event.due_at - now)
        now = event.due_at
        drain.drain_batch(now)

    assert delays == [timedelta(seconds=2**n) for n in range(4)]


def test_a_repaired_event_goes_through_after_a_requeue(
    api: Api, poisoned: set[str]
) -> None:
    run_id = start(api)
    poisoned.add(run_id)
    drain.drain_batch(clock.now())
    poisoned.clear()

    requeue_event(SourceEvent.objects.get().id, now=clock.now())
    dispatch_all()

    assert Job.objects.get().run_id == run_id
    with pytest.raises(Conflict):
        requeue_event(SourceEvent.objects.get().id, now=clock.now())


def test_the_effects_of_a_failing_batch_vanish(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = start(api)
    monkeypatch.setattr(drain, "_DONE", "SELECT 1 / 0, %s, %s")

    drain.drain_batch(clock.now())

    assert not Job.objects.exists()
    assert Run.objects.get(id=run_id).state is None


def test_a_timer_is_an_event_that_is_due_later(api: Api) -> None:
    steps = spec({"name": "nap", "sleep": {"duration": "1h"}}, action("after"))
    run_id = api.post("runs", {"spec": steps}).json()["id"]
    dispatch_all()
    assert api.get(f"runs/{run_id}").json()["status"] == "suspended"

    dispatch_all(clock.now() + timedelta(minutes=59))
    assert not Job.objects.exists()

    dispatch_all(clock.now() + timedelta(minutes=61))
    assert Job.objects.get().step_name == "after"
