"""Groups that are asked: the snapshot of their members, claim and release."""

from typing import Any

import pytest

from apps.identity.models import Principal, Project
from apps.interactions.models import Group
from apps.interactions.services.groups.add_member import add_group_member
from apps.interactions.services.groups.remove_member import remove_group_member
from apps.kernel import clock
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

Crew = list[Principal]
Question = dict[str, Any]


@pytest.fixture
def crew(project: Project) -> Crew:
    """The members of the group that is asked."""
    return people(project, "ann", "ben")


@pytest.fixture
def group(project: Project, crew: Crew) -> Group:
    """A group whose first answer counts."""
    return team(project, *crew)


@pytest.fixture
def question(api: Api, group: Group) -> Question:
    """A question of a step to the group."""
    return ask(api, group_target(group))


def act(who: Principal, question: Question, verb: str, **body: Any) -> Any:
    return api_of(who).post(f"interactions/{question['id']}/{verb}", body)


def inbox(who: Principal) -> list[str]:
    """The questions in which somebody has a part."""
    listed = api_of(who).get("interactions?inbox=true&status=pending").json()
    return [item["id"] for item in listed["items"]]


# --- The snapshot -----------------------------------------------------------------


def test_who_joins_later_is_not_asked(
    project: Project, group: Group, question: Question, rita: Principal
) -> None:
    add_group_member(project.id, group.id, rita.id, now=clock.now())

    assert answer(rita, question).status_code == 403
    assert question["id"] not in inbox(rita)


def test_who_has_left_since_is_asked_all_the_same(
    project: Project, group: Group, question: Question, crew: Crew
) -> None:
    remove_group_member(project.id, group.id, crew[0].id)

    assert inbox(crew[0]) == [question["id"]]
    assert answer(crew[0], question).status_code == 200
    assert next_step(project)["responder"] == crew[0].id


def test_all_who_were_members_have_to_answer_whoever_is_one_now(
    api: Api, project: Project, group: Group, crew: Crew, rita: Principal
) -> None:
    question = ask(api, group_target(group, require_all=True))
    remove_group_member(project.id, group.id, crew[0].id)
    add_group_member(project.id, group.id, rita.id, now=clock.now())

    assert answer(crew[1], question).json()["status"] == "pending"
    assert answer(crew[0], question).json()["status"] == "completed"


def test_the_next_question_asks_who_is_a_member_then(
    api: Api, project: Project, group: Group, question: Question, rita: Principal
) -> None:
    add_group_member(project.id, group.id, rita.id, now=clock.now())

    later = ask(api, group_target(group))

    assert rita.id in later["target_member_snapshot"]
    assert inbox(rita) == [later["id"]]


def test_a_group_is_found_by_its_id_as_well(api: Api, group: Group, crew: Crew) -> None:
    question = ask(api, {"type": "group", "id": group.id})

    assert question["target"] == {"type": "group", "id": group.id}
    for name in (group.id, group.handle):
        listed = api.get(f"interactions?target_actor_id={name}").json()["items"]
        assert [item["id"] for item in listed] == [question["id"]]


# --- Claim and release ------------------------------------------------------------


def test_who_claims_a_question_answers_it_alone(
    api: Api, project: Project, question: Question, crew: Crew
) -> None:
    ann, ben = crew

    claimed = act(ann, question, "claim")

    assert claimed.status_code == 200
    assert claimed.json()["claimed_by"] == ann.id
    assert claimed.json()["claimed_at"] == claimed.json()["updated_at"]
    refused = answer(ben, question)
    assert (refused.status_code, refused.json()["code"]) == (409, "claimed")
    assert refused.json()["details"]["claimed_by"] == ann.id
    assert answer(ann, question).json()["status"] == "completed"
    assert next_step(project)["responder"] == ann.id
    (line,) = lines(question["run_id"], "interaction.claimed")
    assert line["principal_id"] == ann.id


def test_a_claim_stands_against_another_and_is_repeated_without_effect(
    question: Question, crew: Crew
) -> None:
    first = act(crew[0], question, "claim").json()

    refused = act(crew[1], question, "claim")

    assert (refused.status_code, refused.json()["code"]) == (409, "claimed")
    assert act(crew[0], question, "claim").json() == first


def test_a_released_question_is_everybodys_again(
    api: Api, project: Project, question: Question, crew: Crew
) -> None:
    ann, ben = crew
    act(ann, question, "claim")
    assert act(ben, question, "release").status_code == 403

    released = act(ann, question, "release")

    assert released.status_code == 200
    assert not {"claimed_by", "claimed_at"} & released.json().keys()
    assert answer(ben, question).status_code == 200
    assert next_step(project)["responder"] == ben.id
    types = ("interaction.claimed", "interaction.released")
    assert len(lines(question["run_id"], *types)) == 2


def test_whoever_manages_questions_releases_what_another_has_claimed(
    api: Api, question: Question, crew: Crew
) -> None:
    act(crew[0], question, "claim")

    assert api.post(f"interactions/{question['id']}/release").status_code == 200
    assert "claimed_by" not in shown(api, question)


def test_to_release_what_nobody_claimed_changes_nothing(
    api: Api, question: Question, crew: Crew
) -> None:
    assert act(crew[0], question, "release").status_code == 200
    assert shown(api, question) == question


def test_a_service_claims_for_a_member_and_then_answers_for_them(
    api: Api, project: Project, question: Question, crew: Crew, robot: Principal
) -> None:
    claimed = act(robot, question, "claim", on_behalf_of=crew[1].id)
    assert claimed.json()["claimed_by"] == crew[1].id

    done = answer(robot, question).json()

    (given,) = done["responses"]
    assert (given["user_id"], given["given_by"]) == (crew[1].id, robot.id)
    assert next_step(project)["responder"] == robot.id


@pytest.mark.parametrize("verb", ["claim", "release"])
def test_only_questions_to_a_group_whose_first_answer_counts_are_claimed(
    api: Api, project: Project, group: Group, crew: Crew, verb: str
) -> None:
    for target in (
        user(crew[0]),
        group_target(group, require_all=True),
        [who.id for who in crew],
    ):
        refused = act(crew[0], ask(api, target), verb)
        assert refused.status_code == 400
        assert "does not ask a group" in refused.json()["message"]


@pytest.mark.parametrize("verb", ["claim", "release"])
def test_what_is_over_is_not_claimed(question: Question, crew: Crew, verb: str) -> None:
    answer(crew[0], question)

    refused = act(crew[0], question, verb)

    assert refused.status_code == 400
    assert refused.json()["details"]["status"] == "completed"


@pytest.mark.parametrize("verb", ["claim", "release"])
def test_members_claim_teammates_do_not_and_strangers_find_nothing(
    question: Question, crew: Crew, rita: Principal, stranger: Api, verb: str
) -> None:
    path = f"interactions/{question['id']}/{verb}"

    assert act(crew[0], question, verb).status_code == 200
    assert act(rita, question, verb).status_code == 403
    assert stranger.post(path).status_code == 404


def test_a_group_that_is_asked_is_not_deleted_until_the_answer(
    api: Api, group: Group, question: Question, crew: Crew
) -> None:
    refused = api.delete(f"groups/{group.handle}")
    assert (refused.status_code, refused.json()["code"]) == (400, "group_in_use")

    answer(crew[0], question)

    assert api.delete(f"groups/{group.handle}").status_code == 204
    assert shown(api, question)["target_group_id"] == group.id
