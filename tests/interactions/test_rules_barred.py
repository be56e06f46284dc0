"""Who started the run may be barred from answering, on every way in."""

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User

from apps.identity.models import Principal, Project
from apps.interactions.links import link_url, read_link
from apps.interactions.models import Channel, Interaction
from apps.interactions.services.respond import respond_to_interaction
from apps.kernel import clock
from apps.kernel.errors import PermissionDenied
from tests.interactions.conftest import actor_of, api_of
from tests.interactions.scenes import (
    answer,
    group_target,
    next_step,
    pending,
    people,
    shown,
    start,
    status_of,
    step,
    team,
    user,
)
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.factories import make_principal

Question = dict[str, Any]


@pytest.fixture
def boss(project: Project) -> Principal:
    """Who starts the run: an Admin, a person."""
    return make_principal(project, role="Admin", kind="human", name="boss")


@pytest.fixture
def ann(project: Project) -> Principal:
    """Another member of the group that is asked."""
    return people(project, "ann")[0]


@pytest.fixture
def question(project: Project, boss: Principal, ann: Principal) -> Question:
    """A group with the initiator in it is asked."""
    target = group_target(team(project, boss, ann))
    block = {"exclude_initiator": True, "allow_delegation": True}
    return pending(api_of(boss), start(api_of(boss), step(target, **block)))


def post(who: Principal, question: Question, verb: str, **body: Any) -> Any:
    return api_of(who).post(f"interactions/{question['id']}/{verb}", body)


def assert_barred(refused: Any) -> None:
    assert (refused.status_code, refused.json()["code"]) == (403, "initiator_barred")


@pytest.fixture(autouse=True)
def others_decide(
    request: pytest.FixtureRequest, project: Project, boss: Principal, ann: Principal
) -> Any:
    """After each attempt the question is as it was, and the other member decides."""
    question = request.getfixturevalue("question")
    yield
    assert shown(api_of(boss), question)["status"] == "pending"
    assert "responses" not in shown(api_of(boss), question)
    assert answer(ann, question).status_code == 200
    assert next_step(project)["responder"] == ann.id


def test_the_initiator_is_not_among_those_asked(
    question: Question, ann: Principal
) -> None:
    assert question["exclude_initiator"] is True
    assert question["target_member_snapshot"] == [ann.id]


def test_the_initiator_is_barred_over_the_api(
    question: Question, boss: Principal
) -> None:
    assert_barred(answer(boss, question))


def test_the_initiator_cannot_claim(question: Question, boss: Principal) -> None:
    assert_barred(post(boss, question, "claim"))
    assert_barred(post(boss, question, "claim", on_behalf_of=boss.id))


def test_the_question_is_not_delegated_to_the_initiator(
    question: Question, boss: Principal, ann: Principal
) -> None:
    refused = post(ann, question, "delegate", to=boss.id)

    assert refused.status_code == 400
    assert refused.json()["details"]["path"] == "to"
    assert_barred(post(boss, question, "delegate", to=boss.id, on_behalf_of=ann.id))


def test_the_initiator_gets_no_link(
    question: Question, boss: Principal, robot: Principal
) -> None:
    assert_barred(post(boss, question, "links", user_id=boss.id))
    refused = post(robot, question, "links", user_id=boss.id)
    assert refused.status_code == 400


def test_a_link_made_for_the_initiator_answers_nothing(
    project: Project, question: Question, boss: Principal
) -> None:
    row = Interaction.objects.get(pk=question["id"])
    token = link_url(row, boss.id, now=clock.now()).rpartition("/")[2]
    claimed = read_link(token, now=clock.now())
    actor = replace(
        actor_of(boss),
        principal_id=claimed.principal_id,
        permissions=frozenset(),
        channel=Channel.LINK,
    )

    with pytest.raises(PermissionDenied) as refused:
        respond_to_interaction(
            project.id, row.id, actor=actor, value=True, now=clock.now()
        )

    assert refused.value.error_code == "initiator_barred"


def test_the_initiator_cannot_answer_on_behalf_of_another(
    question: Question, boss: Principal, ann: Principal
) -> None:
    assert_barred(answer(boss, question, on_behalf_of=ann.id))


def test_nobody_answers_on_behalf_of_the_initiator(
    question: Question, boss: Principal, robot: Principal
) -> None:
    refused = answer(robot, question, on_behalf_of=boss.id)

    assert refused.status_code == 400
    assert refused.json()["details"]["path"] == "on_behalf_of"


def test_a_signal_does_not_stand_in_for_the_answer(
    question: Question, boss: Principal, api: Api
) -> None:
    path = f"runs/{question['run_id']}/signals"
    signal = {"name": "ask", "payload": True}

    assert_barred(api_of(boss).post(path, signal))
    assert api.post(path, signal).status_code == 202
    dispatch_all()

    assert status_of(api_of(boss), question["run_id"]) == "suspended"


def test_another_principal_of_the_same_account_is_barred_too(
    project: Project, question: Question, boss: Principal, ann: Principal
) -> None:
    """One person may be several principals; which one started the run is no matter."""
    account = User.objects.create_user("boss")
    twin = make_principal(project, role="Admin", kind="human", name="twin")
    for principal in (boss, twin):
        principal.user = account
        principal.save()
    target = group_target(team(project, twin, ann))
    run_id = start(api_of(boss), step(target, exclude_initiator=True))
    second = pending(api_of(boss), run_id)

    assert second["target_member_snapshot"] == [ann.id]
    assert_barred(answer(twin, second))
    assert_barred(answer(twin, second, on_behalf_of=ann.id))
    api_of(boss).post(f"runs/{run_id}/cancellations")
    dispatch_all()


def test_a_step_that_asks_the_barred_initiator_alone_fails(
    question: Question, boss: Principal
) -> None:
    run_id = start(api_of(boss), step(user(boss), exclude_initiator=True))

    run = api_of(boss).get(f"runs/{run_id}").json()
    assert (run["status"], run["error_type"]) == ("failed", "NobodyToAsk")
    assert "who started the run may not answer" in run["error_message"]
