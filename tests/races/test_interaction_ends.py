"""An answer against whatever else may end the question at the same moment."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from apps.dispatch.services.drain import drain_batch
from apps.identity.models import Principal, Project
from apps.interactions.models import (
    Interaction,
)
from apps.interactions.services.cancel import cancel_interaction
from apps.interactions.services.groups.delete_group import delete_group
from apps.jobs.fence import Fence
from apps.jobs.models import Job
from apps.jobs.services.complete import Report, complete_job
from apps.kernel import clock
from apps.kernel.errors import MobiusError
from apps.runs.models import Run
from apps.runs.services.cancel import cancel_run
from apps.runs.services.signal import send_signal
from tests.interactions.conftest import actor_of
from tests.interactions.scenes import (
    ask,
    group_target,
    start,
    step,
    team,
    types_of,
    user,
)
from tests.races.crew import Crew, resumed, standing, won
from tests.races.test_races import at_once
from tests.support.api import Api
from tests.support.drive import claim, dispatch_all
from tests.support.specs import action, spec

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS = 4
GO = {"status": "by signal"}


@pytest.fixture
def crew(project: Project) -> Crew:
    """Three members."""
    return Crew(project)


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_an_answer_against_the_cancel_of_its_run(
    api: Api, project: Project, crew: Crew, round_: int
) -> None:
    question = ask(api, user(crew.members[0]))
    run_id = question["run_id"]

    outcomes = at_once(
        crew.answers(0, question),
        lambda: cancel_run(project.id, run_id, now=clock.now()),
    )

    dispatch_all()
    row = standing(question)
    assert row.status == ("completed" if won(outcomes[:1]) else "cancelled")
    assert Run.objects.get().status == "cancelled"
    assert "wait.resumed" not in types_of(run_id)
    assert Job.objects.count() == 0


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_an_answer_against_a_withdrawal(api: Api, crew: Crew, round_: int) -> None:
    body = {"type": "approval", "message": "?", "targets": [crew.members[0].id]}
    run_id = start(api, step(user(crew.members[0])))
    question = api.get(f"interactions?run_id={run_id}").json()["items"][0]
    standalone = api.post("interactions", body).json()
    manager = actor_of(Principal.objects.get(id=question["created_by"]))

    for asked in (question, standalone):
        about = (crew.project.id, asked["id"])
        withdraw = partial(cancel_interaction, *about, actor=manager, now=clock.now())
        outcomes = at_once(crew.answers(0, asked), withdraw)
        assert len(won(outcomes)) == 1
        assert standing(asked).status in ("completed", "cancelled")
    assert resumed(run_id)["status"] == standing(question).status


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_an_answer_against_a_signal_resumes_the_run_once(
    api: Api, project: Project, crew: Crew, round_: int
) -> None:
    question = ask(api, user(crew.members[0]))

    def signal() -> None:
        send_signal(
            project.id, question["run_id"], name="ask", payload=GO, now=clock.now()
        )
        drain_batch(clock.now())

    def answer() -> None:
        crew.answers(0, question)()
        drain_batch(clock.now())

    at_once(answer, signal)

    payload = resumed(question["run_id"])
    row = standing(question)
    assert row.status == "completed" or payload == GO


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_a_group_is_deleted_or_asked(
    api: Api, project: Project, crew: Crew, round_: int
) -> None:
    group = team(project, *crew.members)
    run_id = api.post("runs", {"spec": spec(step(group_target(group)))}).json()["id"]

    deleted, _ = at_once(
        lambda: delete_group(project.id, group.id, now=clock.now()),
        lambda: drain_batch(clock.now()),
    )

    dispatch_all()
    run = Run.objects.get(pk=run_id)
    if isinstance(deleted, MobiusError):
        assert (run.status, Interaction.objects.count()) == ("suspended", 1)
    else:
        assert deleted is None
        assert (run.status, run.error_type) == ("failed", "NobodyToAsk")


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_a_question_from_a_job_against_the_end_of_the_job(
    api: Api, project: Project, crew: Crew, round_: int
) -> None:
    api.post("runs", {"spec": spec(action("work"))})
    dispatch_all()
    job = claim(project.id, "w1")
    assert job is not None
    fence = Fence(project.id, job["job_id"], "w1", job["attempt"])
    body = {"type": "approval", "message": "?", "targets": [crew.ids[0]]}
    asking = Api(api.project, api.key)

    def complete() -> None:
        complete_job(fence, Report(True), now=clock.now())
        drain_batch(clock.now())

    path = f"jobs/{job['job_id']}/interactions"
    asked: Any = at_once(partial(asking.post, path, body), complete)[0]

    dispatch_all()
    assert asked.status_code in (201, 409), asked.content
    assert Run.objects.get().status == "completed"
    if asked.status_code == 201:
        assert standing(asked.json()).status == "cancelled"
    else:
        assert Interaction.objects.count() == 0


def test_an_answer_in_time_counts_although_the_deadline_passes_meanwhile(
    api: Api, crew: Crew
) -> None:
    """The answer commits while the dispatcher is at the deadline already."""
    for _ in range(4 * ROUNDS):
        question = ask(api, user(crew.members[0]), timeout="1h")
        ends = Interaction.objects.get(pk=question["id"]).expires_at
        assert ends is not None
        early, late = (ends + timedelta(milliseconds=n) for n in (-1, 1))

        outcomes = at_once(
            crew.answers(0, question, now=early), partial(drain_batch, late)
        )

        dispatch_all(late)
        row = standing(question)
        assert row.status == ("completed" if won(outcomes[:1]) else "expired")
        ended = "wait.resumed" if row.status == "completed" else "wait.timed_out"
        assert types_of(question["run_id"])[-1] == ended
