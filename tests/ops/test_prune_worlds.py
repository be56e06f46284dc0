"""Random worlds: whatever there is, pruning takes what is old, over and unneeded."""

import random
from typing import Any

import pytest

from apps.identity.models import Principal, Project
from apps.interactions.models import Interaction
from apps.jobs.models import Job
from apps.kernel import clock
from apps.runs.models import Run
from apps.source_events.models import SourceEvent
from tests.interactions.scenes import answer, pending, people, step, user
from tests.ops.old import (
    NAP,
    cancelled,
    ended,
    finished,
    later,
    prune_project,
    rows_of,
    start,
)
from tests.support.api import Api
from tests.support.drive import claim
from tests.support.factories import make_api, make_project
from tests.support.specs import TWO_STEPS, spec

pytestmark = pytest.mark.django_db

WORLDS = 6
RUNS = 14


class World:
    """Two projects with ages of their own and runs in every state."""

    def __init__(self, dice: random.Random, project: Project) -> None:
        self.dice = dice
        self.places: list[tuple[Project, Api, Principal]] = []
        for place in (project, make_project("initech")):
            place.keep_runs_days = dice.choice([None, 1, 10, 60, 400])
            place.keep_run_events_days = dice.choice([None, 1, 30])
            place.save()
            (ann,) = people(place, "ann")
            self.places.append((place, make_api(place, role="Admin"), ann))
        for _ in range(RUNS):
            self.add(*dice.choice(self.places))

    def add(self, project: Project, api: Api, ann: Principal) -> None:
        """Make a run of any kind; what is over ended some time ago."""
        kind = self.dice.choice(
            ["queued", "held", "asking", "napping", "done", "failed", "answered"]
        )
        made: dict[str, Any] = {
            "queued": lambda: start(api),
            "held": lambda: self.held(project, api),
            "asking": lambda: start(api, spec(step(user(ann), reminders=["1h"]))),
            "napping": lambda: start(api, NAP),
            "done": lambda: finished(api, project),
            "failed": lambda: finished(api, project, "failed"),
            "answered": lambda: self.answered(api, ann),
        }
        run_id = made[kind]()
        live = Run.objects.get(id=run_id).completed_at is None
        if live and self.dice.random() < 0.5:
            cancelled(api, run_id)
            live = False
        if not live:
            ended(run_id, self.dice.uniform(0, 450))

    def held(self, project: Project, api: Api) -> str:
        """A run whose job a worker has."""
        queue = f"held-{self.dice.random()}"
        run_id = start(api, TWO_STEPS, queue=queue)
        assert claim(project.id, queues=[queue]) is not None
        return run_id

    def answered(self, api: Api, ann: Principal) -> str:
        """A run that ended with an answer."""
        run_id = start(api, spec(step(user(ann), timeout="48000h")))
        answer(ann, pending(api, run_id))
        return run_id


def is_over(run: Run) -> bool:
    """Say, one row after the other, whether nothing needs a run any more."""
    if run.completed_at is None:
        return False
    for job in Job.objects.filter(run_id=run.id):
        if job.status in ("pending", "claimed"):
            return False
    for question in Interaction.objects.filter(run_id=run.id):
        if question.status in ("pending", "in_review"):
            return False
    for event in SourceEvent.objects.filter(dispatched_at=None):
        is_its_own = run.id in (event.run_id, event.source_id)
        if is_its_own and (event.due_at <= clock.now() or event.failures):
            return False
    return True


@pytest.mark.parametrize("seed", range(WORLDS))
def test_what_is_old_and_over_goes_whole_and_the_rest_is_as_it_was(
    project: Project, seed: int
) -> None:
    world = World(random.Random(seed), project)
    before = {run.id: rows_of(run.id, spent=False) for run in Run.objects.all()}
    expected = set()
    lost_lines = set()
    for run in Run.objects.all():
        place = next(p for p, _, _ in world.places if p.id == run.project_id)
        days = place.keep_runs_days or 90
        lines = min(place.keep_run_events_days or 90, days)
        if is_over(run) and run.completed_at < later(days=-days):  # type: ignore[operator]
            expected.add(run.id)
        elif run.completed_at is not None and run.completed_at < later(days=-lines):
            lost_lines.add(run.id)

    for place, _, _ in world.places:
        prune_project(place)

    left = set(Run.objects.values_list("id", flat=True))
    assert expected
    assert left
    assert set(before) - left == expected
    for run_id, rows in before.items():
        found = rows_of(run_id, spent=False)
        if run_id in expected:
            assert found == {}
        elif run_id in lost_lines:
            differs = {name for name in rows if rows[name] != found.get(name)}
            assert differs <= {"run_events_runevent", "runs_run"}
        else:
            assert found == rows
