"""Corners of the rules: nothing is lowered in silence, and no question is put that
nobody can bring to an end."""

from typing import Any

import pytest

from apps.identity.models import Principal, Project
from apps.identity.permissions import Permission
from apps.interactions.models import InteractionParticipant
from apps.kernel import clock
from tests.interactions.conftest import api_of
from tests.interactions.scenes import (
    answer,
    ask,
    group_target,
    next_step,
    pending,
    people,
    start,
    status_of,
    step,
    team,
    user,
)
from tests.support.access import make_api_with
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.factories import make_principal
from tests.support.frozen import FrozenClock
from tests.support.specs import spec

Crew = list[Principal]


@pytest.fixture
def crew(project: Project) -> Crew:
    """Two people."""
    return people(project, "ann", "ben")


@pytest.fixture
def boss(project: Project) -> Principal:
    """Who starts runs and may not decide about them."""
    return make_principal(project, role="Admin", kind="human", name="boss")


def test_a_quorum_is_not_lowered_to_those_who_are_asked_first(
    api: Api, project: Project, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    time_ = FrozenClock()
    monkeypatch.setattr(clock, "now", time_)
    ann, ben = crew
    question = ask(
        api,
        group_target(team(project, ann)),
        resolution_policy={"type": "quorum", "threshold": 2},
        escalation=[{"after": "2h", "target": user(ben)}],
    )

    assert answer(ann, question).json()["status"] == "pending"
    time_.tick(hours=2)
    dispatch_all()

    done = answer(ben, question).json()
    assert done["resolved_by"] == "quorum: 2 of 2 approved, 2 needed"
    assert next_step(project)["value"] is True


def test_a_step_whose_only_reviewer_is_barred_fails(
    crew: Crew, boss: Principal
) -> None:
    asks = step(user(crew[0]), exclude_initiator=True, review={})

    run = api_of(boss).get(f"runs/{start(api_of(boss), asks)}").json()

    assert (run["status"], run["error_type"]) == ("failed", "NobodyToAsk")
    assert run["error_message"] == "nobody can review the answer"


@pytest.mark.parametrize(
    ("review", "path"),
    [({}, "review"), ({"reviewers": ["ghost"]}, "review.reviewers[0]")],
)
def test_a_caller_hears_that_nobody_can_review(
    crew: Crew, boss: Principal, review: dict[str, Any], path: str
) -> None:
    body = {
        "type": "approval",
        "message": "Publish?",
        "targets": [crew[0].id],
        "exclude_initiator": True,
        "review": review,
    }

    refused = api_of(boss).post("interactions", body)

    assert refused.status_code == 400
    assert refused.json()["details"]["path"] == path


def test_a_reviewer_who_is_named_twice_reviews_once(api: Api, crew: Crew) -> None:
    ann, ben = crew
    review = {"reviewers": [ben.id, ben.id]}
    asked = {"type": "approval", "message": "Publish?", "targets": [ann.id]}

    made = api.post("interactions", {**asked, "review": review})
    run_id = start(api, step(user(ann), review=review))

    assert made.status_code == 201
    assert status_of(api, run_id) == "suspended"
    reviewers = InteractionParticipant.objects.filter(role="reviewer")
    assert list(reviewers.values_list("principal_id", flat=True)) == [ben.id, ben.id]
    assert pending(api, run_id)["review"] == {"reviewer_user_ids": review["reviewers"]}


@pytest.mark.parametrize("value", [5, None, [1], {"a": 1}, "x" * 999], ids=str)
@pytest.mark.parametrize(
    "block",
    [
        {"reminders": ["${inputs.x}"]},
        {"escalation": [{"after": "${inputs.x}", "targets": ["prin_1"]}]},
        {"review": {"reviewers": ["${inputs.x}"]}},
    ],
    ids=str,
)
def test_whatever_a_template_makes_the_run_does_not_hang(
    api: Api, crew: Crew, value: Any, block: dict[str, Any]
) -> None:
    authored = spec(step(user(crew[0]), **block))

    started = api.post("runs", {"spec": authored, "inputs": {"x": value}}).json()
    dispatch_all()

    assert status_of(api, started["id"]) in ("failed", "suspended")


def test_a_service_releases_what_it_has_claimed_itself(
    api: Api, project: Project, crew: Crew
) -> None:
    question = ask(api, group_target(team(project, *crew)))
    rights = (Permission.INTERACTION_VIEW, Permission.INTERACTION_RESPOND)
    bot = make_api_with(project, *rights)
    path = f"interactions/{question['id']}"

    assert bot.post(f"{path}/claim").status_code == 200
    assert bot.post(f"{path}/release").status_code == 200
    assert answer(crew[0], question).status_code == 200
