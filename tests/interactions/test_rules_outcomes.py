"""What comes of several answers, and what cannot be asked at all."""

from typing import Any

import pytest

from apps.identity.models import Principal, Project
from apps.interactions.models import Interaction
from tests.interactions.scenes import (
    SELECT,
    TEXT,
    answer,
    ask,
    group_target,
    lines,
    next_step,
    people,
    shown,
    start,
    status_of,
    step,
    team,
    user,
)
from tests.support.api import Api

Crew = list[Principal]


@pytest.fixture
def crew(project: Project) -> Crew:
    """Three people."""
    return people(project, "ann", "ben", "cleo")


def ids(crew: Crew) -> list[str]:
    return [who.id for who in crew]


def quorum(threshold: int) -> dict[str, Any]:
    return {"type": "quorum", "threshold": threshold}


# --- Outcomes ---------------------------------------------------------------------


def test_one_no_rejects_what_all_have_to_confirm_once_all_have_spoken(
    api: Api, project: Project, crew: Crew
) -> None:
    question = ask(api, ids(crew), resolution_policy="all_of")

    assert answer(crew[0], question, False).json()["status"] == "pending"
    answer(crew[1], question, True)
    answer(crew[2], question, True)

    assert next_step(project)["value"] is False


def test_a_quorum_is_rejected_as_soon_as_it_cannot_be_reached(
    api: Api, project: Project, crew: Crew
) -> None:
    question = ask(api, ids(crew), resolution_policy=quorum(2))

    assert answer(crew[0], question, False).json()["status"] == "pending"
    done = answer(crew[1], question, False).json()

    assert (done["status"], done["response"]["value"]) == ("completed", False)
    assert done["resolved_by"] == "quorum: 2 of 3 rejected, 2 needed"
    assert next_step(project)["value"] is False
    assert answer(crew[2], question, True).status_code == 409


def test_a_quorum_survives_as_many_rejections_as_leave_enough_others(
    api: Api, project: Project, crew: Crew
) -> None:
    question = ask(api, ids(crew), resolution_policy=quorum(2))

    for who, value in zip(crew, (True, False, True), strict=True):
        answer(who, question, value)

    assert next_step(project)["value"] is True


def test_what_most_have_chosen_is_the_choice(
    api: Api, project: Project, crew: Crew
) -> None:
    block = {"type": SELECT.type, "spec": SELECT.spec}
    question = ask(api, ids(crew), resolution_policy="all_of", **block)

    for who, value in zip(crew, ("keep", "drop", "drop"), strict=True):
        answer(who, question, value)

    assert next_step(project)["value"] == "drop"


def test_of_several_texts_the_last_counts_and_all_are_kept(
    api: Api, project: Project, crew: Crew
) -> None:
    question = ask(api, ids(crew), resolution_policy="all_of", type=TEXT.type)

    for who, value in zip(crew, ("one", "two", "three"), strict=True):
        answer(who, question, value, comment=f"{value}!")

    given = next_step(project)
    assert (given["value"], given["comment"]) == ("three", "three!")
    responses = shown(api, question)["responses"]
    assert [each["value"] for each in responses] == ["one", "two", "three"]


def test_partial_answers_are_seen_while_others_are_awaited(
    api: Api, crew: Crew
) -> None:
    question = ask(api, ids(crew), resolution_policy="all_of")

    partial = answer(crew[1], question, True, comment="Fine.").json()

    (given,) = partial["partial_responses"]
    assert (given["user_id"], given["value"], given["comment"]) == (
        crew[1].id,
        True,
        "Fine.",
    )
    states = {each["user_id"]: each["state"] for each in partial["participants"]}
    assert [states[who.id] for who in crew] == ["asked", "answered", "asked"]
    (line,) = lines(question["run_id"], "interaction.answered")
    assert line["responder"] == {"type": "member", "id": crew[1].id}


def test_nobody_answers_twice_for_others_to_be_spared(api: Api, crew: Crew) -> None:
    question = ask(api, ids(crew), resolution_policy=quorum(2))
    answer(crew[0], question)

    again = answer(crew[0], question)

    assert (again.status_code, again.json()["code"]) == (409, "already_answered")
    assert shown(api, question)["status"] == "pending"


# --- For others -------------------------------------------------------------------


def test_a_service_says_for_whom_it_answers_where_several_have_to(
    api: Api, project: Project, crew: Crew, robot: Principal
) -> None:
    question = ask(api, ids(crew), resolution_policy="all_of")

    unclear = answer(robot, question)
    assert unclear.status_code == 400
    assert unclear.json()["details"]["path"] == "on_behalf_of"
    for who in crew:
        done = answer(robot, question, on_behalf_of=who.id)

    responses = done.json()["responses"]
    assert [each["user_id"] for each in responses] == ids(crew)
    assert {each["given_by"] for each in responses} == {robot.id}
    assert next_step(project)["responder"] == robot.id


def test_a_service_answers_as_itself_where_one_answer_is_enough(
    api: Api, crew: Crew, robot: Principal
) -> None:
    done = answer(robot, ask(api, ids(crew))).json()

    assert done["responder_actor"] == {"type": "agent", "id": robot.id}


def test_nobody_answers_for_one_who_is_not_asked(
    api: Api, crew: Crew, robot: Principal, paul: Principal
) -> None:
    refused = answer(robot, ask(api, ids(crew)), on_behalf_of=paul.id)

    assert refused.status_code == 400
    assert refused.json()["details"]["path"] == "on_behalf_of"


def test_a_person_answers_for_another_with_the_permission_and_by_name(
    api: Api, project: Project, crew: Crew, paul: Principal
) -> None:
    question = ask(api, user(crew[0]))

    assert answer(crew[1], question, on_behalf_of=crew[0].id).status_code == 403
    assert answer(paul, question).status_code == 403
    done = answer(paul, question, on_behalf_of=crew[0].id).json()

    assert done["responder_actor"] == {"type": "member", "id": paul.id}
    (given,) = done["responses"]
    assert (given["user_id"], given["given_by"]) == (crew[0].id, paul.id)
    assert next_step(project)["responder"] == paul.id


# --- Nobody to ask ----------------------------------------------------------------


def nobody(project: Project) -> dict[str, Any]:
    return {
        "an unknown group": {"type": "group", "id": "nowhere"},
        "an empty group": group_target(team(project)),
        "too few": group_target(team(project, *people(project, "ann"))),
    }


@pytest.mark.parametrize("whom", ["an unknown group", "an empty group", "too few"])
def test_a_step_that_reaches_nobody_fails(
    api: Api, project: Project, whom: str
) -> None:
    rule = {"resolution_policy": quorum(2)} if whom == "too few" else {}

    run_id = start(api, step(nobody(project)[whom], **rule))

    run = api.get(f"runs/{run_id}").json()
    assert (run["status"], run["error_type"]) == ("failed", "NobodyToAsk")
    assert Interaction.objects.count() == 0


def test_a_step_that_reaches_nobody_can_be_caught(api: Api, project: Project) -> None:
    target = {"type": "group", "id": "nowhere"}
    catch = [{"error_equals": ["NobodyToAsk"], "next": "use"}]

    run_id = start(api, {**step(target), "catch": catch})

    assert status_of(api, run_id) == "queued"
    assert next_step(project)["value"] is None


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"target": {"type": "group", "id": "nowhere"}}, "target.id"),
        ({"targets": ["prin_nobody"]}, "targets[0]"),
        ({"targets": []}, "targets"),
        ({"resolution_policy": quorum(2)}, "resolution_policy.threshold"),
        ({"resolution_policy": quorum(0)}, "resolution_policy.threshold"),
        ({"resolution_policy": "quorum"}, "resolution_policy"),
        ({"resolution_policy": {"type": "most"}}, "resolution_policy.type"),
        ({"require_all": True, "resolution_policy": "any_of"}, "require_all"),
    ],
)
def test_a_caller_hears_at_once_that_nobody_could_decide(
    api: Api, crew: Crew, fields: dict[str, Any], path: str
) -> None:
    asked = {"type": "approval", "message": "Publish?"}
    if not {"target", "targets"} & fields.keys():
        fields = {"targets": [crew[0].id], **fields}

    refused = api.post("interactions", {**asked, **fields})

    assert refused.status_code == 400, refused.content
    assert path in {each["path"] for each in refused.json()["details"]["fields"]}
    assert Interaction.objects.count() == 0
