"""Questions whose time runs out: with ``on_timeout``, caught, and neither."""

from typing import Any

import pytest

from apps.identity.models import Principal, Project
from apps.interactions.models import Interaction
from apps.kernel import clock
from tests.interactions.conftest import api_of
from tests.interactions.scenes import (
    USE,
    answer,
    ask,
    next_step,
    pending,
    people,
    shown,
    start,
    status_of,
    step,
    types_of,
    user,
)
from tests.support.api import Api
from tests.support.drive import claim, dispatch_all
from tests.support.frozen import FrozenClock
from tests.support.specs import action

Crew = list[Principal]
Question = dict[str, Any]


@pytest.fixture(autouse=True)
def time_(monkeypatch: pytest.MonkeyPatch) -> FrozenClock:
    """The clock of the whole process; it moves when the test says so."""
    standing = FrozenClock()
    monkeypatch.setattr(clock, "now", standing)
    return standing


@pytest.fixture
def crew(project: Project) -> Crew:
    """Three people."""
    return people(project, "ann", "ben", "cleo")


def wait(time_: FrozenClock, **amount: float) -> None:
    """Let time pass, and happen what is due."""
    time_.tick(**amount)
    dispatch_all()


def test_without_on_timeout_the_step_fails_and_the_run_with_it(
    api: Api, crew: Crew, time_: FrozenClock
) -> None:
    question = ask(api, user(crew[0]), timeout="24h")

    wait(time_, hours=24)

    run = api.get(f"runs/{question['run_id']}").json()
    assert (run["status"], run["error_type"]) == ("failed", "timeout")
    assert types_of(question["run_id"])[-1] == "wait.timed_out"
    late = answer(crew[0], question)
    assert (late.status_code, late.json()["details"]) == (409, {"status": "expired"})


def test_a_timeout_can_be_caught(
    api: Api, project: Project, crew: Crew, time_: FrozenClock
) -> None:
    catch = [{"error_equals": ["timeout"], "next": "use"}]
    run_id = start(api, {**step(user(crew[0]), timeout="1h"), "catch": catch})

    wait(time_, hours=1)

    assert status_of(api, run_id) == "queued"
    assert next_step(project)["value"] is None


def test_with_on_timeout_the_run_goes_on_there(
    api: Api, project: Project, crew: Crew, time_: FrozenClock
) -> None:
    asked = step(user(crew[0]), timeout="1h", on_timeout="give-up")
    run_id = start(
        api, {**asked, "next": [{"step": "use"}]}, action("give-up", next=[])
    )

    wait(time_, hours=1)

    assert "wait.timed_out" in types_of(run_id)
    job = claim(project.id)
    assert job is not None
    assert (job["step_name"], USE["name"]) == ("give-up", "use")
    assert claim(project.id) is None
    assert Interaction.objects.get(run_id=run_id).status == "expired"


def test_between_the_deadline_and_the_next_sweep_it_is_over_already(
    api: Api, crew: Crew, time_: FrozenClock
) -> None:
    question = ask(api, user(crew[0]), timeout="1h")
    time_.tick(hours=1)

    assert shown(api, question)["status"] == "expired"
    assert api.get("interactions?status=pending").json()["items"] == []
    refused = api_of(crew[0]).post(
        f"interactions/{question['id']}/respond", {"value": True}
    )
    assert refused.status_code == 409


def test_nothing_is_due_at_or_after_the_deadline_of_a_standalone_question(
    api: Api, crew: Crew, time_: FrozenClock
) -> None:
    body = {
        "type": "approval",
        "message": "Publish?",
        "targets": [crew[0].id],
        "timeout": "2h",
        "reminders": ["1h", "2h"],
        "escalation": [{"after": "2h", "target": user(crew[1])}],
    }
    made = api.post("interactions", body).json()

    wait(time_, hours=1)
    reminded = Interaction.objects.get(pk=made["id"]).lifecycle or []
    wait(time_, hours=5)

    done = shown(api, made)
    assert [each["action"] for each in reminded] == ["created", "reminded"]
    assert (done["status"], len(done["participants"])) == ("expired", 1)


def test_a_run_that_is_tried_again_asks_again(
    api: Api, project: Project, crew: Crew, time_: FrozenClock
) -> None:
    question = ask(api, user(crew[0]), timeout="1h")
    wait(time_, hours=1)

    api.post("runs/retries", {"run_ids": [question["run_id"]]})
    dispatch_all()

    again = pending(api, question["run_id"])
    assert again["id"] != question["id"]
    assert answer(crew[0], question).status_code == 409
    assert answer(crew[0], again).status_code == 200
    assert next_step(project)["responder"] == crew[0].id
