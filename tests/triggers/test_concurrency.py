"""What happens to a fire while runs of its trigger live."""

import pytest

from apps.identity.models import Project
from apps.kernel import clock
from apps.runs.models import Run
from apps.source_events.models import SourceEvent
from apps.triggers.models import TriggerFire
from apps.triggers.services import settle
from apps.triggers.services.settle import settle_trigger
from apps.triggers.tasks import tick
from tests.support.api import Api
from tests.support.drive import claim, dispatch_all
from tests.triggers.scenes import (
    Body,
    create,
    fires_of,
    happen,
    on_event,
    runs_of,
    statuses,
    workflow,
)

TICKED = "custom.clock.ticked"


def fire(api: Api, trigger: Body) -> Body:
    """Fire by hand."""
    answer = api.post(f"triggers/{trigger['id']}/fire")
    assert answer.status_code == 202, answer.json()
    dispatch_all()
    return dict(answer.json())


def finish(api: Api, project: Project) -> None:
    """Complete the oldest live run."""
    job = claim(project.id)
    assert job is not None
    report = {"worker_id": "w1", "attempt": job["attempt"], "status": "completed"}
    assert api.post(f"jobs/{job['job_id']}/complete", report).status_code == 204
    dispatch_all()


def lives(trigger: Body) -> list[str]:
    """How the runs stand, the oldest first."""
    return [str(run.status) for run in runs_of(trigger)]


def test_allow_starts_whatever_lives(api: Api) -> None:
    trigger = create(api)

    for _ in range(3):
        fire(api, trigger)

    assert lives(trigger) == ["queued"] * 3


def test_forbid_skips_while_one_lives(api: Api, project: Project) -> None:
    trigger = create(api, concurrency_policy="forbid")

    first, second = fire(api, trigger), fire(api, trigger)
    finish(api, project)
    third = fire(api, trigger)

    assert [one["status"] for one in (first, second, third)] == [
        *("success", "skipped", "success"),
    ]
    assert second["error"] == "concurrency policy forbid: 1 of 1 runs are active"
    assert lives(trigger) == ["completed", "queued"]


def test_forbid_lets_as_many_live_as_it_is_told(api: Api) -> None:
    trigger = create(api, concurrency_policy="forbid", max_concurrent_runs=2)

    found = [fire(api, trigger)["status"] for _ in range(3)]

    assert found == ["success", "success", "skipped"]


def test_a_fire_with_more_targets_than_may_live_has_its_turn_when_none_does(
    api: Api, project: Project
) -> None:
    targets = [{"workflow_id": workflow(api, name)} for name in ("a", "b")]
    trigger = create(
        api, concurrency_policy="forbid", max_concurrent_runs=1, targets=targets
    )

    found = [fire(api, trigger)["status"] for _ in range(2)]
    finish(api, project)
    found.append(fire(api, trigger)["status"])
    finish(api, project)
    found.append(fire(api, trigger)["status"])

    assert found == ["success", "skipped", "skipped", "success"]


def test_replace_cancels_the_oldest_first(api: Api) -> None:
    trigger = create(api, concurrency_policy="replace", max_concurrent_runs=2)

    for _ in range(4):
        fire(api, trigger)

    assert lives(trigger) == ["cancelled", "cancelled", "queued", "queued"]
    assert statuses(trigger) == ["success"] * 4
    reasons = [
        line["payload"]["reason"]
        for line in timeline(api, runs_of(trigger)[0])
        if line["type"] == "run.cancelled"
    ]
    assert reasons == ["replaced by a newer fire of its trigger"]


def timeline(api: Api, run: Run) -> list[Body]:
    from apps.run_events.models import RunEvent

    rows = RunEvent.objects.filter(run_id=run.id).order_by("seq")
    return [{"type": row.type, "payload": row.payload} for row in rows]


def test_a_fire_that_cannot_start_replaces_nothing(api: Api) -> None:
    trigger = create(api, concurrency_policy="replace")
    fire(api, trigger)
    (target,) = trigger["targets"]
    api.delete(f"workflows/{target['workflow_id']}")

    assert fire(api, trigger)["status"] == "failed"

    assert lives(trigger) == ["queued"]


def test_queued_fires_start_in_order_as_runs_end(api: Api, project: Project) -> None:
    trigger = on_event(api, TICKED, concurrency_policy="queue")
    for number in range(3):
        happen(project.id, TICKED, clock.now(), event={"number": number})
    by_hand = fire(api, trigger)

    assert by_hand["status"] == "queued"
    assert statuses(trigger) == ["success", "queued", "queued", "queued"]
    assert len(runs_of(trigger)) == 1
    for done in range(2, 5):
        finish(api, project)
        assert len(runs_of(trigger)) == done
    finish(api, project)

    assert lives(trigger) == ["completed"] * 4
    numbers = [run.inputs["event"].get("number") for run in runs_of(trigger)]
    assert numbers == [0, 1, 2, None]
    assert statuses(trigger) == ["success"] * 4
    assert all(one.context is None for one in fires_of(trigger))


def test_a_cancelled_run_lets_the_next_start(api: Api) -> None:
    trigger = create(api, concurrency_policy="queue")
    first = fire(api, trigger)
    fire(api, trigger)

    api.post(f"runs/{first['run_id']}/cancellations", {})
    dispatch_all()

    assert lives(trigger) == ["cancelled", "queued"]


def test_the_clock_takes_up_a_queue_that_nobody_told_of_the_end(
    api: Api, project: Project
) -> None:
    trigger = create(api, concurrency_policy="queue")
    fire(api, trigger)
    fire(api, trigger)
    Run.objects.update(trigger_queues=False)
    finish(api, project)
    assert lives(trigger) == ["completed"]

    assert tick.run() == 1

    assert lives(trigger) == ["completed", "queued"]
    assert tick.run() == 0


def test_events_wait_for_runs_that_are_counted(api: Api, project: Project) -> None:
    trigger = on_event(api, TICKED, concurrency_policy="forbid")

    for _ in range(2):
        happen(project.id, TICKED, clock.now())

    assert statuses(trigger) == ["success", "skipped"]
    assert SourceEvent.objects.filter(event_type="trigger.due").count() == 2


def test_what_waits_at_a_trigger_that_is_disabled_is_skipped(api: Api) -> None:
    trigger = create(api, concurrency_policy="queue")
    fire(api, trigger)
    fire(api, trigger)

    api.patch(f"triggers/{trigger['id']}", {"enabled": False})
    dispatch_all()

    assert statuses(trigger) == ["success", "skipped"]
    assert fires_of(trigger)[1].error == "the trigger is disabled"


@pytest.mark.parametrize(
    "change", [{"concurrency_policy": "allow"}, {"max_concurrent_runs": 3}]
)
def test_what_waits_is_seen_with_new_rules(api: Api, change: Body) -> None:
    trigger = create(api, concurrency_policy="queue")
    for _ in range(3):
        fire(api, trigger)

    api.patch(f"triggers/{trigger['id']}", change)
    dispatch_all()

    assert statuses(trigger) == ["success"] * 3


def test_a_long_queue_is_settled_in_batches_and_has_an_end(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settle, "QUEUED_MAX", 4)
    monkeypatch.setattr(settle, "BATCH", 2)
    trigger = create(api, concurrency_policy="queue")
    for _ in range(6):
        fire(api, trigger)
    assert statuses(trigger) == ["success", *["queued"] * 4, "skipped"]
    assert "4 fires wait before this one" in fires_of(trigger)[-1].error

    api.patch(f"triggers/{trigger['id']}", {"concurrency_policy": "allow"})
    dispatch_all()

    assert statuses(trigger) == [*["success"] * 5, "skipped"]


def test_a_queued_fire_that_fails_does_not_hold_up_the_next(
    api: Api, project: Project
) -> None:
    condition = "event.number < 2"
    trigger = on_event(
        api, TICKED, concurrency_policy="queue", target={"condition": condition}
    )
    for number in (0, "many", 1):
        happen(project.id, TICKED, clock.now(), event={"number": number})

    finish(api, project)

    assert statuses(trigger) == ["success", "failed", "success"]


def test_a_trigger_that_is_gone_has_nothing_to_settle(db: None) -> None:
    assert settle_trigger("trg_gone", now=clock.now()) == 0
    assert TriggerFire.objects.count() == 0
