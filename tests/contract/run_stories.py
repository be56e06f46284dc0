"""Runs that make every run-stream event of the catalog appear.

A story is moved to its end by hand: dispatched in process, with a clock that the
story moves. Who asks for it reads the run over the API afterwards.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from apps.identity.models import Project
from tests.contract.event_tables import EXAMPLE_STREAM
from tests.contract.happenings import failed, ok, work
from tests.support.api import Api
from tests.support.drive import claim, dispatch_all
from tests.support.factories import make_principal
from tests.support.frozen import FrozenClock
from tests.support.linear import action, step

Json = dict[str, Any]


@dataclass(frozen=True)
class World:
    """A project, a key in it, and the time."""

    project: Project
    api: Api
    clock: FrozenClock

    def start(self, *steps: Json, body: Json | None = None, **fields: Any) -> str:
        """Start a run of a new loop of these steps."""
        loop = ok(self.api.post("loops", {"name": "L", "steps": steps, **fields}), 201)
        run = ok(self.api.post(f"loops/{loop['id']}/runs", body))["id"]
        dispatch_all()
        return str(run)

    def work(self, result: Any = None, **report: Any) -> Json:
        """Claim one job and report on it."""
        return work(self.api, self.project, result, **report)

    def happen(self, event_type: str, **event: Any) -> None:
        """Publish an event and dispatch it."""
        ok(self.api.post("source-events", {"event_type": event_type, "event": event}))
        dispatch_all()


@dataclass(frozen=True)
class Story:
    """``tell`` runs it and returns the run's id; ``lines`` are those it is told for,
    ``whole`` all lines, where their order is the point."""

    tell: Callable[[World], str]
    lines: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()


PAID: Final = {"event_type": "custom.paid", "match": {"order": 7}}


def _example(world: World) -> str:
    run = world.start(action("parse", parameters={"url": "x"}))
    world.work({"pages": 3})
    return run


def _failure(world: World) -> str:
    run = world.start(action("parse", retry={"max_attempts": 2, "delay": "0s"}))
    world.work(**failed("no such file", "NotThere"))
    world.work(**failed("no such file", "NotThere"))
    return run


def _cancelled(world: World) -> str:
    run = world.start(action("parse"))
    ok(world.api.post(f"runs/{run}/cancel", {"reason": "not needed"}), 200)
    return run


def _event(world: World) -> str:
    run = world.start(step("wait_for_event", "paid", PAID), action("parse"))
    world.happen("custom.paid", order=7)
    world.work()
    return run


def _in_vain(world: World) -> str:
    limit = {"duration": "1h", "on_timeout": "fail"}
    run = world.start(step("wait_for_event", "paid", PAID, timeout=limit))
    world.clock.tick(hours=2)
    dispatch_all()
    return run


def _sleeps(world: World) -> str:
    naps = (step("sleep", key, {"duration": "1h"}) for key in ("one", "two"))
    run = world.start(*naps)
    for _ in range(2):
        world.clock.tick(hours=1, seconds=1)
        dispatch_all()
    return run


def _question(world: World) -> str:
    asked = make_principal(world.project, role="Operator")
    config = {"protocol": "request_approval", "targets": [asked.id], "prompt": "Fine?"}
    run = world.start(step("interaction", "ask", config))
    (found,) = ok(world.api.get(f"interactions?run_id={run}"), 200)["items"]
    ok(world.api.post(f"interactions/{found['id']}/respond", {"value": True}), 200)
    dispatch_all()
    return run


def _no_child(world: World) -> str:
    config = {"loop_id": "L", "condition": "event.n > 5"}
    return world.start(step("loop", "call", config), body={"event": {"n": 1}})


def _limit(world: World) -> str:
    run = world.start(action("parse"), body={"credit_budget": 10})
    used = {"category": "tokens", "quantity": 900, "credits": 12, "step_key": "parse"}
    ok(world.api.post(f"runs/{run}/usage", used))
    return run


def _wall_clock(world: World) -> str:
    run = world.start(action("parse"), limits={"wall_clock_timeout": "1h"})
    world.clock.tick(hours=1, seconds=5)
    dispatch_all()
    return run


def _from_worker(world: World) -> str:
    run = world.start(action("parse"))
    job = claim(world.project.id)
    assert job is not None
    fence = {"worker_id": "w1", "attempt": job["attempt"]}
    file = {"artifact_id": "art_1", "name": "a.csv", "content_type": "text/csv"}
    events = [
        {"type": "artifact.created", "payload": file},
        {"type": "generation.delta", "payload": {"delta": {"text": "Once upon"}}},
    ]
    path = f"jobs/{job['job_id']}"
    ok(world.api.post(f"{path}/events", {**fence, "events": events}), 204)
    ok(world.api.post(f"{path}/complete", {**fence, "status": "completed"}), 204)
    dispatch_all()
    return run


_WAITS: Final = ("wait.opened", "step.suspended", "run.suspended")
_GOES_ON: Final = ("wait.resumed", "step.resumed", "run.resumed", "step.completed")

STORIES: Final = {
    "example": Story(_example, EXAMPLE_STREAM, EXAMPLE_STREAM),
    "failure": Story(
        _failure,
        (
            *("action.failed", "action.retried", "step.retried"),
            *("step.failed", "run.failed"),
        ),
    ),
    "cancelled": Story(_cancelled, ("run.cancelled",)),
    "event": Story(_event, (*_WAITS, *_GOES_ON)),
    "in vain": Story(_in_vain, ("wait.timed_out", "step.failed", "run.failed")),
    "sleeps": Story(
        _sleeps,
        whole=(
            *("run.started", "step.started", *_WAITS, *_GOES_ON),
            *("step.started", *_WAITS, *_GOES_ON, "run.completed"),
        ),
    ),
    "question": Story(
        _question, ("interaction.requested", "interaction.responded", *_WAITS)
    ),
    "no child": Story(
        _no_child,
        ("step.skipped",),
        ("run.started", "step.skipped", "run.completed"),
    ),
    "limit": Story(_limit, ("usage.recorded", "limit.reached", "run.failed")),
    "wall clock": Story(_wall_clock, ("limit.reached", "run.failed")),
    "from a worker": Story(_from_worker, ("artifact.created", "generation.delta")),
}
