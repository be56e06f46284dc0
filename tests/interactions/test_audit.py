"""Who answered, as whom and from where: written down once, shown to those who look."""

from dataclasses import replace
from typing import Any

import pytest

from apps.identity.models import ApiKey, Principal, Project
from apps.interactions.models import Channel, Interaction, InteractionResponse
from apps.interactions.services.respond import respond_to_interaction
from apps.kernel import clock
from tests.interactions.conftest import actor_of, api_of
from tests.interactions.scenes import (
    answer,
    ask,
    group_target,
    lines,
    people,
    shown,
    team,
    user,
)
from tests.support.api import Api
from tests.support.factories import make_key, make_principal

Question = dict[str, Any]


@pytest.fixture
def ann(project: Project) -> Principal:
    """Who is asked."""
    return people(project, "ann")[0]


@pytest.fixture
def question(api: Api, ann: Principal) -> Question:
    """A question of a step."""
    return ask(api, user(ann))


def test_an_answer_over_the_api_keeps_key_address_and_program(
    project: Project, question: Question, ann: Principal
) -> None:
    secret = make_key(ann)
    caller = Api(project.handle, secret)

    done = caller.post(
        f"interactions/{question['id']}/respond",
        {"value": True},
        **{"User-Agent": "approver/1.0"},
    )

    assert done.status_code == 200
    row = InteractionResponse.objects.get()
    assert (row.principal_id, row.given_by, row.responder_type) == (
        ann.id,
        "",
        "member",
    )
    assert (row.channel, row.account) == ("api", "")
    assert row.key_id == ApiKey.objects.get(principal=ann).id
    assert (row.address, row.user_agent) == ("127.0.0.1", "approver/1.0")
    assert row.project_id == project.id


@pytest.mark.parametrize("channel", [Channel.BROWSER, Channel.LINK, Channel.ADMIN])
def test_an_answer_on_a_page_keeps_account_and_way_in(
    question: Question, ann: Principal, channel: Channel
) -> None:
    actor = replace(
        actor_of(ann), channel=channel, account="ann@example.com", key_id=""
    )

    respond_to_interaction(
        ann.project_id, question["id"], actor=actor, value=True, now=clock.now()
    )

    row = InteractionResponse.objects.get()
    assert (row.channel, row.account, row.key_id) == (channel, "ann@example.com", "")
    assert (row.address, row.user_agent) == ("10.1.2.3", "curl/8")


def test_an_answer_for_another_names_both(
    api: Api, question: Question, ann: Principal, robot: Principal
) -> None:
    answer(robot, question)

    row = InteractionResponse.objects.get()
    assert (row.principal_id, row.given_by) == (ann.id, robot.id)
    assert (row.responder_type, row.responder_id) == ("agent", robot.id)
    (line,) = lines(question["run_id"], "interaction.responded")
    assert line["responder"] == {"type": "agent", "id": robot.id}
    assert shown(api, question)["responder_actor"]["id"] == robot.id


def test_a_long_program_name_is_cut_and_no_reason_to_refuse(
    question: Question, ann: Principal
) -> None:
    path = f"interactions/{question['id']}/respond"

    done = api_of(ann).post(path, {"value": True}, **{"User-Agent": "x" * 1000})

    assert done.status_code == 200
    assert InteractionResponse.objects.get().user_agent == "x" * 255


def test_the_record_of_a_question_tells_its_whole_life(
    api: Api, project: Project, ann: Principal
) -> None:
    ben, rex = people(project, "ben", "rex")
    question = ask(
        api, user(ann), allow_delegation=True, review={"reviewers": [rex.id]}
    )
    path = f"interactions/{question['id']}"
    api_of(ann).post(f"{path}/delegate", {"to": ben.id, "comment": "Yours."})
    answer(ben, question)
    changes = {"action": "request_changes", "comment": "Sure?"}
    api_of(rex).post(f"{path}/review", changes)
    answer(ben, question)
    api_of(rex).post(f"{path}/review", {"action": "accept"})

    record = Interaction.objects.get(pk=question["id"]).lifecycle or []
    told = [(each["action"], each["actor_id"], each["round"]) for each in record]
    assert told == [
        ("created", question["created_by"], 1),
        ("delegated", ann.id, 1),
        ("submitted_for_review", ben.id, 1),
        ("changes_requested", rex.id, 2),
        ("submitted_for_review", ben.id, 2),
        ("accepted", rex.id, 2),
    ]
    assert [each["comment"] for each in record if each["comment"]] == [
        "Yours.",
        "Sure?",
    ]
    assert [each["at"] for each in record] == sorted(each["at"] for each in record)


def test_every_answer_is_kept_with_who_gave_it(
    api: Api, project: Project, ann: Principal, robot: Principal
) -> None:
    chief = make_principal(project, role="Admin", kind="human", name="chief")
    ben, cleo = people(project, "ben", "cleo")
    group = team(project, ann, ben, cleo)
    question = ask(api, group_target(group, require_all=True))
    answer(ann, question, True, comment="Mine.")
    answer(robot, question, True, on_behalf_of=ben.id)
    answer(chief, question, False, on_behalf_of=cleo.id)

    responses = shown(api, question)["responses"]

    assert [(each["user_id"], each.get("given_by")) for each in responses] == [
        (ann.id, None),
        (ben.id, robot.id),
        (cleo.id, chief.id),
    ]
    assert {each["channel"] for each in responses} == {"api"}
    responder = shown(api, question)["responder_actor"]
    assert responder == {"type": "member", "id": chief.id}


def test_a_refused_answer_leaves_no_trace_of_an_answer(
    api: Api, question: Question, ann: Principal, rita: Principal
) -> None:
    answer(rita, question)
    answer(ann, question, "maybe")

    assert InteractionResponse.objects.count() == 0
    assert shown(api, question) == question
