"""The approval matrix, second part: who is asked, and how many answers it takes.

In each cell a step asks, nobody's answer counts before the rule is satisfied, and the
step after the question works with the outcome.
"""

from typing import Any

import pytest

from apps.identity.models import Principal, Project
from apps.interactions.models import RoutingPolicy
from tests.interactions.scenes import (
    answer,
    ask,
    group_target,
    next_step,
    people,
    shown,
    status_of,
    team,
    user,
)
from tests.support.api import Api
from tests.support.drive import claim
from tests.support.factories import make_principal

QUORUM_OF_2 = {"type": "quorum", "threshold": 2}
Crew = list[Principal]


@pytest.fixture
def crew(project: Project) -> Crew:
    """Three people."""
    return people(project, "ann", "ben", "cleo")


@pytest.fixture
def bot(project: Project) -> Principal:
    """An agent that may respond."""
    return make_principal(project, role="Operator", kind="agent", name="triage")


def decide(
    api: Api,
    project: Project,
    question: dict[str, Any],
    *answering: Principal,
    value: Any = True,
) -> dict[str, Any]:
    """Let people answer one after the other: only the last decides. Return what the
    step after the question is given."""
    run_id = question["run_id"]
    for who in answering[:-1]:
        assert answer(who, question, value).json()["status"] == "pending"
        assert status_of(api, run_id) == "suspended"
        assert claim(project.id) is None
    last = answer(answering[-1], question, value)
    assert last.json()["status"] == "completed", last.content
    found = next_step(project)
    assert found["responder"] == answering[-1].id
    assert (found["status"], found["value"]) == ("completed", value)
    return found


def asked_of(question: dict[str, Any]) -> list[str]:
    return [person["user_id"] for person in question["participants"]]


# --- A user -----------------------------------------------------------------------


def test_a_user_answers_alone(api: Api, project: Project, crew: Crew) -> None:
    question = ask(api, user(crew[0]))

    assert asked_of(question) == [crew[0].id]
    assert answer(crew[1], question).status_code == 403
    decide(api, project, question, crew[0])
    assert shown(api, question)["resolved_by"] == "any_of: the first of 1 asked"


def test_a_user_is_all_who_have_to_answer(
    api: Api, project: Project, crew: Crew
) -> None:
    question = ask(api, {**user(crew[0]), "require_all": True})

    assert question["require_all"] is True
    decide(api, project, question, crew[0])
    assert shown(api, question)["resolved_by"] == "all_of: 1 of 1 answered"


def test_a_user_is_a_quorum_of_one(api: Api, project: Project, crew: Crew) -> None:
    rule = {"type": "quorum", "threshold": 1}
    question = ask(api, user(crew[0]), resolution_policy=rule)

    assert question["resolution_policy"] == rule
    decide(api, project, question, crew[0])
    resolved_by = shown(api, question)["resolved_by"]
    assert resolved_by == "quorum: 1 of 1 approved, 1 needed"


# --- An agent ---------------------------------------------------------------------


def test_an_agent_answers_alone(
    api: Api, project: Project, bot: Principal, crew: Crew
) -> None:
    question = ask(api, {"type": "agent", "id": "triage"})

    assert asked_of(question) == [bot.id]
    assert question["target_actor"] == {"type": "agent", "id": "triage"}
    assert answer(crew[0], question).status_code == 403
    decide(api, project, question, bot)
    assert shown(api, question)["responder_actor"] == {"type": "agent", "id": bot.id}


def test_an_agent_is_all_who_have_to_answer(
    api: Api, project: Project, bot: Principal
) -> None:
    question = ask(api, {"type": "agent", "id": bot.id, "require_all": True})

    decide(api, project, question, bot)


def test_an_agent_is_a_quorum_of_one(
    api: Api, project: Project, bot: Principal
) -> None:
    rule = {"type": "quorum", "threshold": 1}

    decide(
        api,
        project,
        ask(api, {"type": "agent", "id": "triage"}, resolution_policy=rule),
        bot,
    )


def test_the_queue_of_an_agent_is_answered_in_its_name(
    api: Api, project: Project, robot: Principal
) -> None:
    question = ask(api, {"type": "agent", "id": "nightly-queue"})

    done = answer(robot, question).json()

    assert done["responder_actor"] == {"type": "agent", "id": "nightly-queue"}
    assert next_step(project)["responder"] == "nightly-queue"


# --- A group ----------------------------------------------------------------------


def test_any_member_of_a_group_answers(api: Api, project: Project, crew: Crew) -> None:
    group = team(project, *crew)
    question = ask(api, group_target(group))

    assert sorted(question["target_member_snapshot"]) == sorted(p.id for p in crew)
    assert question["target_group_id"] == group.id
    assert question["routing_policy_snapshot"] == "first_responder"
    decide(api, project, question, crew[1])
    assert answer(crew[0], question).status_code == 409


def test_all_members_of_a_group_have_to_answer(
    api: Api, project: Project, crew: Crew
) -> None:
    question = ask(api, group_target(team(project, *crew), require_all=True))

    assert question["routing_policy_snapshot"] == "all_members"
    decide(api, project, question, *crew)
    responses = shown(api, question)["responses"]
    assert [each["user_id"] for each in responses] == [who.id for who in crew]


def test_a_group_may_itself_want_all_its_members(
    api: Api, project: Project, crew: Crew
) -> None:
    group = team(project, *crew, routing_policy=RoutingPolicy.ALL_MEMBERS)

    decide(api, project, ask(api, group_target(group)), *crew)


def test_a_quorum_of_a_group_is_enough(api: Api, project: Project, crew: Crew) -> None:
    group = team(project, *crew)
    question = ask(api, group_target(group), resolution_policy=QUORUM_OF_2)

    decide(api, project, question, crew[2], crew[0])
    assert answer(crew[1], question).status_code == 409


# --- Several users ----------------------------------------------------------------


def test_any_of_several_answers(api: Api, project: Project, crew: Crew) -> None:
    question = ask(api, [who.id for who in crew])

    assert asked_of(question) == [who.id for who in crew]
    assert [target["type"] for target in question["targets"]] == ["user"] * 3
    decide(api, project, question, crew[2])


def test_all_of_several_have_to_answer(api: Api, project: Project, crew: Crew) -> None:
    question = ask(api, [who.id for who in crew], resolution_policy="all_of")

    decide(api, project, question, *reversed(crew))


def test_a_quorum_of_several_is_enough(api: Api, project: Project, crew: Crew) -> None:
    question = ask(api, [who.id for who in crew], resolution_policy=QUORUM_OF_2)

    decide(api, project, question, crew[0], crew[2])


def test_users_agents_and_groups_are_asked_together_each_once(
    api: Api, project: Project, crew: Crew, bot: Principal
) -> None:
    ann, ben, cleo = crew
    targets = [ann.id, group_target(team(project, ann, ben)), user(cleo)]
    targets += [{"type": "agent", "id": "triage"}]
    question = ask(api, targets, resolution_policy="all_of")

    assert sorted(asked_of(question)) == sorted(p.id for p in (*crew, bot))
    decide(api, project, question, ann, ben, cleo, bot)
