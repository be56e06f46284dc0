"""Links that answer one question as one person: who has them made, what they open."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import signing

from apps.api.rendering import instant
from apps.identity.models import Principal, Project
from apps.interactions.links import (
    LIFETIME,
    LinkClaim,
    LinkExpired,
    link_url,
    read_link,
)
from apps.interactions.models import Channel, Interaction
from apps.interactions.services.respond import respond_to_interaction
from apps.kernel import clock
from apps.kernel.errors import MobiusError, NotFound
from tests.interactions.conftest import actor_of, api_of
from tests.interactions.scenes import answer, ask, people, user
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.frozen import NOON

Crew = list[Principal]
Question = dict[str, Any]


@pytest.fixture
def crew(project: Project) -> Crew:
    """Two people."""
    return people(project, "ann", "ben")


@pytest.fixture
def question(api: Api, crew: Crew) -> Question:
    """A question to the first of them that may be passed on."""
    return ask(api, user(crew[0]), allow_delegation=True, timeout="1h")


def make(who: Principal | Api, question: Question, for_whom: Principal) -> Any:
    caller = who if isinstance(who, Api) else api_of(who)
    body = {"user_id": for_whom.id}
    return caller.post(f"interactions/{question['id']}/links", body)


def token_of(question: Question, who: Principal) -> str:
    row = Interaction.objects.get(pk=question["id"])
    return link_url(row, who.id, now=clock.now()).rpartition("/")[2]


def answer_by_link(token: str, who: Principal, value: Any = True) -> Interaction:
    """Answer as the page behind the link does."""
    claimed = read_link(token, now=clock.now())
    actor = replace(
        actor_of(who),
        principal_id=claimed.principal_id,
        permissions=frozenset(),
        channel=Channel.LINK,
    )
    done = respond_to_interaction(
        claimed.project_id,
        claimed.interaction_id,
        actor=actor,
        value=value,
        now=clock.now(),
    )
    dispatch_all()
    return done


def test_who_is_asked_has_a_link_made_that_lasts_as_long_as_the_question(
    question: Question, crew: Crew, project: Project, settings: LazySettings
) -> None:
    settings.PUBLIC_URL = "https://mobius.example.com/"

    made = make(crew[0], question, crew[0])

    assert made.status_code == 201
    assert made.json()["user_id"] == crew[0].id
    assert (
        made.json()["expires_at"]
        .rstrip("Z")
        .startswith(question["expires_at"].rstrip("Z")[:19])
    )
    address, _, token = made.json()["url"].rpartition("/")
    assert address == "https://mobius.example.com/inbox/link"
    assert read_link(token, now=clock.now()) == LinkClaim(
        project.id, question["id"], crew[0].id
    )


def test_an_answer_by_link_says_so(api: Api, question: Question, crew: Crew) -> None:
    done = answer_by_link(token_of(question, crew[0]), crew[0])

    assert done.status == "completed"
    (given,) = api.get(f"interactions/{question['id']}").json()["responses"]
    assert (given["user_id"], given["channel"]) == (crew[0].id, "link")


def test_a_link_without_a_deadline_ends_all_the_same(api: Api, crew: Crew) -> None:
    body = {"type": "approval", "message": "Publish?", "targets": [crew[0].id]}
    made = make(api, api.post("interactions", body).json(), crew[0]).json()

    token = made["url"].rpartition("/")[2]
    assert made["expires_at"] <= instant(clock.now() + LIFETIME)
    assert read_link(token, now=clock.now() + LIFETIME - timedelta(minutes=1))
    with pytest.raises(LinkExpired):
        read_link(token, now=clock.now() + LIFETIME)


def test_past_the_deadline_a_link_opens_nothing(question: Question, crew: Crew) -> None:
    token = token_of(question, crew[0])

    with pytest.raises(LinkExpired) as refused:
        read_link(token, now=clock.now() + timedelta(hours=1))

    assert (refused.value.status, refused.value.error_code) == (410, "link_expired")


@pytest.mark.parametrize(
    "forge",
    [
        lambda token: "",
        lambda token: token[:-1],
        lambda token: token[1:],
        lambda token: f"{token}x",
        lambda token: token.swapcase(),
        lambda token: token * 20,
        lambda token: signing.dumps(["prj_1", "iact_1", "prin_1", 9e9]),
        lambda token: signing.dumps(["iact_1"], salt="mobius.interactions.link"),
        lambda token: "é" + token,
    ],
)
def test_nobody_makes_a_link_but_this_server(
    question: Question, crew: Crew, forge: Any
) -> None:
    with pytest.raises(NotFound):
        read_link(forge(token_of(question, crew[0])), now=NOON)


def test_a_link_answers_once(question: Question, crew: Crew) -> None:
    token = token_of(question, crew[0])
    answer_by_link(token, crew[0])

    with pytest.raises(MobiusError) as refused:
        answer_by_link(token, crew[0], False)

    assert refused.value.status == 409


def test_the_link_of_who_passed_it_on_answers_no_more(
    question: Question, crew: Crew
) -> None:
    ann, ben = crew
    token = token_of(question, ann)
    path = f"interactions/{question['id']}/delegate"
    assert api_of(ann).post(path, {"to": ben.id}).status_code == 200

    with pytest.raises(MobiusError) as refused:
        answer_by_link(token, ann)

    assert refused.value.status == 403
    assert answer_by_link(token_of(question, ben), ben).responder_id == ben.id


def test_a_link_is_for_who_is_asked(
    question: Question, crew: Crew, robot: Principal
) -> None:
    refused = make(robot, question, crew[1])

    assert refused.status_code == 400
    with pytest.raises(MobiusError):
        answer_by_link(token_of(question, crew[1]), crew[1])


def test_no_link_is_made_for_what_is_over(question: Question, crew: Crew) -> None:
    answer(crew[0], question)

    assert make(crew[0], question, crew[0]).status_code == 409


def test_only_who_may_answer_for_somebody_has_their_link_made(
    api: Api,
    question: Question,
    crew: Crew,
    paul: Principal,
    robot: Principal,
    rita: Principal,
    stranger: Api,
) -> None:
    ann, ben = crew

    for who in (ann, paul, robot, api):
        assert make(who, question, ann).status_code == 201
    for who in (ben, rita):
        assert make(who, question, ann).status_code == 403
    assert make(stranger, question, ann).status_code == 404
