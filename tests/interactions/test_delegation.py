"""Passing a question on to another member."""

from typing import Any

import pytest

from apps.identity.models import Principal, Project
from tests.interactions.conftest import api_of
from tests.interactions.scenes import (
    answer,
    ask,
    group_target,
    lines,
    next_step,
    people,
    shown,
    team,
    user,
)
from tests.support.api import Api
from tests.support.factories import make_project

Crew = list[Principal]
Question = dict[str, Any]


@pytest.fixture
def crew(project: Project) -> Crew:
    """Three people."""
    return people(project, "ann", "ben", "cleo")


@pytest.fixture
def question(api: Api, crew: Crew) -> Question:
    """A question to the first of them that may be passed on."""
    return ask(api, user(crew[0]), allow_delegation=True)


def delegate(who: Principal, question: Question, to: Principal, **more: Any) -> Any:
    body = {"to": to.id, **more}
    return api_of(who).post(f"interactions/{question['id']}/delegate", body)


def states(question: Question) -> dict[str, str]:
    return {each["user_id"]: each["state"] for each in question["participants"]}


def test_who_takes_it_over_answers_in_their_place(
    api: Api, project: Project, question: Question, crew: Crew
) -> None:
    ann, ben, _ = crew

    passed = delegate(ann, question, ben, comment="You know more.")

    assert passed.status_code == 200
    assert states(passed.json()) == {ann.id: "delegated", ben.id: "asked"}
    refused = answer(ann, question)
    assert refused.status_code == 403
    assert "any more" in refused.json()["message"]
    assert answer(ben, question, comment="Yes.").json()["status"] == "completed"
    assert next_step(project)["responder"] == ben.id
    (line,) = lines(question["run_id"], "interaction.delegated")
    assert (line["from"], line["to"]) == (ann.id, ben.id)
    assert line["comment"] == "You know more."


def test_it_goes_on_from_hand_to_hand_and_comes_back(
    api: Api, project: Project, question: Question, crew: Crew
) -> None:
    ann, ben, cleo = crew
    for giver, taker in ((ann, ben), (ben, cleo), (cleo, ann)):
        assert delegate(giver, question, taker).status_code == 200

    assert answer(ben, question).status_code == 403
    assert answer(ann, question).status_code == 200
    assert next_step(project)["responder"] == ann.id


def test_the_rule_counts_who_took_over_instead(
    api: Api, project: Project, crew: Crew
) -> None:
    ann, ben, cleo = crew
    question = ask(
        api, [ann.id, ben.id], resolution_policy="all_of", allow_delegation=True
    )
    delegate(ann, question, cleo)

    assert answer(ben, question).json()["status"] == "pending"
    done = answer(cleo, question).json()

    assert done["resolved_by"] == "all_of: 2 of 2 answered"
    assert next_step(project)["responder"] == cleo.id


def test_a_claim_goes_along(api: Api, project: Project, crew: Crew) -> None:
    ann, ben, cleo = crew
    group = team(project, ann, ben)
    question = ask(api, group_target(group), allow_delegation=True)
    api_of(ann).post(f"interactions/{question['id']}/claim")
    refused = delegate(ben, question, cleo)
    assert (refused.status_code, refused.json()["code"]) == (409, "claimed")

    passed = delegate(ann, question, cleo)

    assert passed.json()["claimed_by"] == cleo.id
    assert answer(ben, question).status_code == 409
    assert answer(cleo, question).status_code == 200


def test_whoever_answers_for_others_passes_on_for_them(
    api: Api, question: Question, crew: Crew, robot: Principal, paul: Principal
) -> None:
    ann, ben, cleo = crew

    assert delegate(robot, question, ben).status_code == 200
    assert delegate(paul, question, cleo).status_code == 403
    passed = delegate(paul, question, cleo, on_behalf_of=ben.id)

    assert states(passed.json()) == {
        ann.id: "delegated",
        ben.id: "delegated",
        cleo.id: "asked",
    }


def test_it_is_not_passed_on_where_that_was_not_foreseen(api: Api, crew: Crew) -> None:
    refused = delegate(crew[0], ask(api, user(crew[0])), crew[1])

    assert (refused.status_code, refused.json()["code"]) == (
        400,
        "delegation_not_allowed",
    )


@pytest.mark.parametrize("taker", ["oneself", "a service", "disabled", "a stranger"])
def test_only_a_member_who_is_not_asked_takes_over(
    api: Api, question: Question, crew: Crew, robot: Principal, taker: str
) -> None:
    gone = crew[2]
    gone.disabled = True
    gone.save()
    takers = {
        "oneself": crew[0],
        "a service": robot,
        "disabled": gone,
        "a stranger": people(make_project("globex"), "eve")[0],
    }

    refused = delegate(crew[0], question, takers[taker])

    assert refused.status_code == 400
    assert refused.json()["details"]["path"] == "to"
    assert shown(api, question) == question


def test_what_is_answered_is_not_passed_on(question: Question, crew: Crew) -> None:
    answer(crew[0], question)

    assert delegate(crew[0], question, crew[1]).status_code == 409


def test_who_has_answered_passes_nothing_on(api: Api, crew: Crew) -> None:
    ann, ben, cleo = crew
    rule = {"resolution_policy": "all_of", "allow_delegation": True}
    question = ask(api, [ann.id, ben.id], **rule)
    answer(ann, question)

    refused = delegate(ann, question, cleo)

    assert (refused.status_code, refused.json()["code"]) == (409, "already_answered")


def test_the_asked_pass_on_teammates_do_not_and_strangers_find_nothing(
    question: Question, crew: Crew, stranger: Api
) -> None:
    path = f"interactions/{question['id']}/delegate"

    assert delegate(crew[2], question, crew[1]).status_code == 403
    assert stranger.post(path, {"to": crew[1].id}).status_code == 404
    assert delegate(crew[0], question, crew[1]).status_code == 200
