"""Triggers at the same moment: real threads, real commits."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from apps.dispatch.services.drain import drain_batch
from apps.identity.models import Project
from apps.jobs.fence import Fence
from apps.jobs.services.complete import Report, complete_job
from apps.kernel import clock
from apps.runs.models import Run
from apps.source_events.models import SourceEvent
from apps.source_events.services.append import Fact, append_source_event
from apps.triggers.models import Trigger, TriggerFire
from apps.triggers.occasions import of_slot
from apps.triggers.services.delete import delete_trigger
from apps.triggers.services.fire import fire_trigger
from apps.triggers.services.fire_by_hand import fire_by_hand
from apps.triggers.services.receive import receive_request
from apps.triggers.services.sweep import sweep_queues
from apps.triggers.services.tick import tick
from tests.races.test_races import at_once
from tests.support.api import Api
from tests.support.drive import claim, dispatch_all
from tests.triggers.scenes import Body, create, on_event, row, runs_of, statuses

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS = 8


def nothing_broke(outcomes: list[Any]) -> None:
    for found in outcomes:
        assert not isinstance(found, Exception), found
    failing = SourceEvent.objects.filter(failures__gt=0)
    assert [event.last_error for event in failing] == []


def drain() -> int:
    return drain_batch(clock.now())


def fires(project: Project, trigger: Body) -> Callable[[], Any]:
    """A fire by hand."""
    return lambda: fire_by_hand(
        project.id, trigger["id"], {}, by="somebody", now=clock.now()
    )


def held(project: Project) -> Fence:
    job = claim(project.id)
    assert job is not None
    return Fence(project.id, job["job_id"], "w1", job["attempt"])


def completes(fence: Fence) -> Callable[[], Any]:
    report = Report(completed=True)
    return lambda: complete_job(fence, report, now=clock.now())


def test_two_schedulers_use_a_slot_once(api: Api) -> None:
    triggers = [
        create(api, "schedule", name=f"t{n}", source_config={"cron": "* * * * *"})
        for n in range(5)
    ]
    now = clock.now()
    for _ in range(ROUNDS):
        now += timedelta(minutes=1)
        taken: list[Any] = at_once(*[lambda at=now: tick(now=at)] * 3)
        nothing_broke(taken)
        assert sum(taken) == len(triggers)
        nothing_broke(at_once(*[lambda at=now: drain_batch(at)] * 2))
        dispatch_all(now)

    for trigger in triggers:
        assert len(runs_of(trigger)) == ROUNDS
        assert statuses(trigger) == ["success"] * ROUNDS


@pytest.mark.parametrize("policy", ["allow", "forbid", "queue", "replace"])
def test_one_occasion_told_several_times_at_once_is_one_fire(
    api: Api, policy: str
) -> None:
    trigger = create(
        api,
        "schedule",
        source_config={"cron": "* * * * *"},
        concurrency_policy=policy,
        max_concurrent_runs=100,
    )
    for number in range(ROUNDS):
        slot = clock.now() + timedelta(minutes=number)
        occasion = of_slot(row(trigger), slot)
        found = at_once(
            *[lambda once=occasion: fire_trigger(trigger["id"], once, now=clock.now())]
            * 4
        )
        nothing_broke(found)
        assert len([fire for fire in found if fire is not None]) == 1

    assert len(runs_of(trigger)) == ROUNDS


@pytest.mark.parametrize("most", [1, 3])
def test_forbid_never_lets_too_many_live(api: Api, project: Project, most: int) -> None:
    trigger = create(api, concurrency_policy="forbid", max_concurrent_runs=most)

    for _ in range(ROUNDS):
        nothing_broke(at_once(*[fires(project, trigger)] * 4))
        live = Run.objects.filter(trigger_id=trigger["id"], completed_at=None).count()
        assert live == most
        dispatch_all()
        for _ in range(most):
            completes(held(project))()
        dispatch_all()


def test_replacing_a_run_while_it_completes_leaves_one_alive(
    api: Api, project: Project
) -> None:
    trigger = create(api, concurrency_policy="replace")
    fires(project, trigger)()
    for _ in range(ROUNDS):
        dispatch_all()
        fence = held(project)
        outcomes = at_once(
            completes(fence), fires(project, trigger), drain, drain, drain
        )
        nothing_broke(outcomes[1:])
        dispatch_all()
        *older, newest = runs_of(trigger)
        assert {str(run.status) for run in older} <= {"completed", "cancelled"}
        assert newest.completed_at is None

    assert statuses(trigger) == ["success"] * (ROUNDS + 1)


def test_no_fire_is_forgotten_while_the_run_before_it_ends(
    api: Api, project: Project
) -> None:
    trigger = create(api, concurrency_policy="queue")
    fires(project, trigger)()
    for number in range(ROUNDS):
        dispatch_all()
        fence = held(project)
        nothing_broke(at_once(completes(fence), fires(project, trigger), drain, drain))
        dispatch_all()
        # Without the clock: the word of the end, or the fire itself, was enough.
        assert statuses(trigger) == ["success"] * (number + 2)
        assert Run.objects.filter(completed_at=None).count() == 1


def test_two_who_settle_a_queue_keep_its_limit(api: Api, project: Project) -> None:
    trigger = create(api, concurrency_policy="queue", max_concurrent_runs=2)
    for _ in range(10):
        fires(project, trigger)()
    while Run.objects.filter(trigger_id=trigger["id"], completed_at=None).exists():
        dispatch_all()
        fence = held(project)
        sweep = lambda: sweep_queues(now=clock.now())  # noqa: E731
        nothing_broke(at_once(completes(fence), sweep, sweep, drain, drain))
        live = Run.objects.filter(trigger_id=trigger["id"], completed_at=None).count()
        assert live <= 2
        dispatch_all()

    assert statuses(trigger) == ["success"] * 10


def test_two_dispatchers_fire_for_an_event_once(api: Api, project: Project) -> None:
    event_type = "custom.order.placed"
    allowing = on_event(api, event_type, name="allow")
    counting = on_event(
        api,
        event_type,
        name="count",
        concurrency_policy="queue",
        max_concurrent_runs=1000,
    )
    for _ in range(ROUNDS):
        for _ in range(5):
            append_source_event(
                Fact(project.id, event_type, source_kind="custom", settled=None),
                now=clock.now(),
            )
        nothing_broke(at_once(drain, drain, drain))
        dispatch_all()

    assert len(runs_of(allowing)) == len(runs_of(counting)) == ROUNDS * 5
    nothing_broke([])


def test_one_request_sent_several_times_at_once_is_one_event(
    api: Api, project: Project
) -> None:
    made = create(api, "http")
    trigger = Trigger.objects.get(id=made["id"])
    for number in range(ROUNDS):
        found: list[Any] = at_once(
            *[
                lambda key=f"k{number}": receive_request(
                    trigger, b"{}", signature="", key=key, now=clock.now()
                )
            ]
            * 4
        )
        nothing_broke(found)
        assert len({received.id for received in found}) == 1
        assert sorted(received.deduped for received in found) == [
            *(False, True, True, True),
        ]
    dispatch_all()

    assert len(runs_of(made)) == ROUNDS


def test_a_trigger_deleted_while_it_fires_breaks_nothing(
    api: Api, project: Project
) -> None:
    for number in range(ROUNDS):
        policy = ("allow", "forbid", "queue", "replace")[number % 4]
        trigger = create(
            api,
            "event",
            name=f"t{number}",
            concurrency_policy=policy,
            source_config={"event_type": "custom.a"},
        )
        append_source_event(
            Fact(project.id, "custom.a", source_kind="custom", settled=None),
            now=clock.now(),
        )
        delete = lambda id_=trigger["id"]: delete_trigger(project.id, id_)  # noqa: E731
        nothing_broke(at_once(delete, drain, drain))
        dispatch_all()
        nothing_broke([])
        assert TriggerFire.objects.filter(status="queued").count() == 0
