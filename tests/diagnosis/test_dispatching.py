"""Why a run has not begun, or does not hear: the outbox, its failures, its turn."""

from typing import Any

import pytest
from django.conf import LazySettings

from apps.diagnosis.reasons import Code
from apps.dispatch.services import drain
from apps.identity.models import Project
from apps.kernel import clock
from apps.realtime import pulses
from apps.realtime.connections import client
from apps.realtime.pulses import Role
from apps.source_events.models import SourceEvent
from tests.diagnosis.asking import diagnosis, only, reasons, report, start
from tests.support.api import Api
from tests.support.drive import b64, claim, dispatch_all
from tests.support.frozen import FrozenClock
from tests.support.linear import action as linear_action
from tests.support.linear import make_definition, step
from tests.support.specs import action
from tests.support.valkey import own_valkey
from tests.triggers.scenes import create, runs_of

pytestmark = pytest.mark.django_db


def test_a_run_that_was_not_dispatched_has_not_begun(
    api: Api, frozen: FrozenClock
) -> None:
    run_id = start(api, action("a"), dispatch=False)
    frozen.tick(seconds=12)

    reason = only(api, run_id)

    assert reason["code"] == Code.NOT_BEGUN
    assert reason["since"] == "2026-05-04T12:00:00.000000Z"
    assert reason["details"]["outbox_lag_seconds"] == 12
    assert reason["details"]["event_type"] == "run.progress_initial"
    assert reason["message"].endswith("12.0 s; the outbox is 12.0 s behind")


@pytest.mark.parametrize("role", list(Role))
def test_when_celery_is_silent_that_is_the_first_reason(
    api: Api, frozen: FrozenClock, role: Role
) -> None:
    run_id = start(api, action("a"), dispatch=False)
    client().delete(pulses._key(role))

    found = reasons(api, run_id)

    assert list(found) == [Code.DISPATCHER_DOWN, Code.NOT_BEGUN]
    assert found[Code.DISPATCHER_DOWN]["details"] == {"silent": role.value}
    assert f"{role}: no sign of life" in diagnosis(api, run_id)["summary"]


def test_when_redis_is_away_that_is_the_first_reason(
    api: Api,
    frozen: FrozenClock,
    settings: LazySettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_id = start(api, action("a"), dispatch=False)
    with own_valkey(settings, monkeypatch) as valkey:
        valkey.kill()
        found = reasons(api, run_id)

    assert list(found) == [Code.DISPATCHER_DOWN, Code.NOT_BEGUN]
    assert found[Code.DISPATCHER_DOWN]["details"] == {"silent": "redis"}


def test_a_silent_celery_is_no_reason_while_nothing_is_due(
    api: Api, frozen: FrozenClock
) -> None:
    run_id = start(api, action("a"))
    client().delete(*(pulses._key(role) for role in Role))

    assert only(api, run_id)["code"] == Code.NO_WORKER


def test_an_event_that_fails_tells_its_error_and_its_next_try(
    api: Api, frozen: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ValueError("no such handler")

    monkeypatch.setattr(drain, "progress_runs", broken)
    run_id = start(api, action("a"))
    frozen.tick(seconds=1)
    dispatch_all()

    reason = only(api, run_id)

    assert reason["code"] == Code.EVENT_FAILING
    assert reason["details"]["failures"] == 2
    assert reason["until"] == "2026-05-04T12:00:03.000000Z"
    assert "ValueError: no such handler" in reason["message"]


def test_a_report_that_was_not_dispatched_is_told(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    run_id = start(api, action("a"))
    job = claim(project.id)
    assert job is not None
    fence = {"worker_id": "w1", "attempt": 1, "status": "completed"}
    done = {**fence, "result_b64": b64(1)}
    assert api.post(f"jobs/{job['job_id']}/complete", done).status_code == 204
    frozen.tick(seconds=3)

    reason = only(api, run_id)

    assert reason["code"] == Code.EVENT_NOT_DISPATCHED
    assert reason["details"]["event_type"] == "loop.run_allocation.completed"


def test_a_run_whose_first_event_is_lost_is_stuck(api: Api) -> None:
    run_id = start(api, action("a"), dispatch=False)
    SourceEvent.objects.filter(run_id=run_id).delete()

    assert only(api, run_id)["code"] == Code.STUCK


def test_a_child_that_is_being_started_is_told(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    make_definition(project, linear_action("a"), handle="child")
    make_definition(
        project, step("loop", "call", {"loop_id": "child"}), handle="parent"
    )
    run_id = api.post("loops/parent/runs").json()["id"]
    drain.drain_batch(clock.now(), limit=1)

    reason = only(api, run_id)

    assert reason["code"] == Code.STARTING_CHILD
    dispatch_all()
    assert only(api, run_id)["code"] == Code.COMPLETED


def test_a_run_that_waits_for_its_turn_names_those_before_it(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    make_definition(project, linear_action("a"), concurrency="queue")
    first, second, third = [
        api.post("loops/nightly/runs").json()["id"] for _ in range(3)
    ]
    dispatch_all()

    reason = only(api, second)
    assert reason["code"] == Code.LOOP_POLICY
    assert reason["details"] == {"policy": "queue", "behind": [first]}
    assert reason["message"].endswith(f"is queue: it waits behind run {first}")
    assert only(api, third)["details"]["behind"] == [first, second]


def test_a_run_whose_turn_has_come_waits_for_the_errand_that_says_so(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    make_definition(project, linear_action("a"), concurrency="queue")
    first, second = [api.post("loops/nightly/runs").json()["id"] for _ in range(2)]
    dispatch_all()
    api.post(f"runs/{first}/cancel")

    assert only(api, second)["code"] == Code.NOT_BEGUN
    dispatch_all()
    assert only(api, second)["code"] == Code.NO_WORKER


def test_a_run_says_how_many_fires_of_its_trigger_wait_for_it(
    api: Api, project: Project
) -> None:
    trigger = create(api, concurrency_policy="queue")
    for _ in range(3):
        api.post(f"triggers/{trigger['id']}/fire")
        dispatch_all()
    (run,) = runs_of(trigger)

    found = reasons(api, run.id)

    assert list(found) == [Code.NO_WORKER, Code.HOLDS_UP_TRIGGER]
    held_up = found[Code.HOLDS_UP_TRIGGER]
    assert held_up["details"] == {"trigger_id": trigger["id"], "queued_fires": 2}
    report(api, project)
    (_, second) = runs_of(trigger)
    assert (
        reasons(api, second.id)[Code.HOLDS_UP_TRIGGER]["details"]["queued_fires"] == 1
    )
