"""One question: who sees it, and what they see."""

from datetime import timedelta

import pytest
from django.test import Client

from apps.identity.models import Principal, Project
from apps.interactions.models import Interaction
from apps.interactions.services.cancel import cancel_interaction
from apps.kernel import clock
from apps.runs.models import Run
from tests.inbox.conftest import ask, signed_in
from tests.interactions.conftest import actor_of
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.factories import make_principal
from tests.support.specs import spec

SECRET = "Sell the company?"


def page_of(client: Client, question: Interaction, status: int = 200) -> str:
    answer = client.get(f"/inbox/{question.id}")
    assert answer.status_code == status
    return answer.content.decode()


def test_only_who_is_asked_sees_it(
    rita: Principal, paul: Principal, eve: Principal
) -> None:
    question = ask(rita, message=SECRET, context={"price": "4711"})

    assert SECRET in page_of(signed_in(rita), question)
    for client, status in ((signed_in(paul), 403), (signed_in(eve), 404)):
        page = page_of(client, question, status)
        assert SECRET not in page
        assert "4711" not in page
    assert Client().get(f"/inbox/{question.id}").status_code == 302


@pytest.mark.parametrize("path", ["", "/recorded"])
def test_a_question_that_is_not_there(rita: Principal, path: str) -> None:
    assert signed_in(rita).get(f"/inbox/iact_nothing{path}").status_code == 404


@pytest.mark.parametrize("path", ["answer", "claim", "release", "delegate", "review"])
def test_nobody_else_can_do_anything(
    rita: Principal, paul: Principal, eve: Principal, path: str
) -> None:
    question = ask(rita, message=SECRET, allow_delegation=True)
    form = {"value": "true", "to": paul.id, "action": "accept"}

    for client, status in ((signed_in(paul), 403), (signed_in(eve), 404)):
        answer = client.post(f"/inbox/{question.id}/{path}", form)
        assert answer.status_code == status
        assert SECRET not in answer.content.decode()
    question.refresh_from_db()
    assert question.status == "pending"
    assert signed_in(rita).get(f"/inbox/{question.id}/{path}").status_code == 405


def test_the_page_shows_what_the_question_brings_along(rita: Principal) -> None:
    question = ask(
        rita,
        description="The window closes at six.",
        context={
            "amount": 89.9,
            "customer": {"name": "<script>alert(1)</script>"},
            "log": "word " * 200,
            "bad_link": "javascript:alert(1)",
        },
        references=[
            {"kind": "external_url", "url": "https://wiki.example/a", "label": "Wiki"},
            {"kind": "external_url", "url": "javascript:alert(2)", "label": "Trap"},
        ],
        expires_in=timedelta(hours=3),
    )

    page = page_of(signed_in(rita), question)

    assert "The window closes at six." in page
    assert "89.9" in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert 'href="https://wiki.example/a" rel="noreferrer noopener"' in page
    assert 'href="javascript' not in page
    assert "Trap" in page
    assert "in 3 h" in page
    assert "One answer decides." in page


def test_the_page_shows_how_the_run_stands(api: Api, rita: Principal) -> None:
    block = {
        "type": "approval",
        "message": "Release?",
        "target": {"type": "user", "id": rita.id},
        "timeout": "5h",
    }
    body = spec(
        {"name": "ask", "interaction": block},
        inputs=[{"name": "version", "type": "string"}],
    )
    started = api.post("runs", {"spec": body, "inputs": {"version": "4.2"}})
    assert started.status_code == 202, started.json()
    dispatch_all()
    question = Interaction.objects.get(run_id=started.json()["id"])

    page = page_of(signed_in(rita), question)

    assert "test-flow" in page
    assert "4.2" in page
    assert "The run started" in page
    assert "Step ask started" in page
    assert "People were asked" in page
    assert started.json()["initiated_by"] in page


def test_a_run_that_is_gone_leaves_the_question_readable(
    rita: Principal,
) -> None:
    question = ask(rita, run_id="run_gone")

    assert Run.objects.count() == 0
    assert "Approve the refund?" in page_of(signed_in(rita), question)


def test_everybody_sees_who_said_what(rita: Principal, paul: Principal) -> None:
    question = ask(rita, paul, require_all=None, resolution_policy="all_of")
    signed_in(rita).post(
        f"/inbox/{question.id}/answer", {"value": "true", "comment": "Fine by me"}
    )

    page = page_of(signed_in(paul), question)

    assert "All 2 must approve." in page
    assert "Fine by me" in page
    assert "paul (you)" in page
    assert "has not answered yet" in page
    mine = page_of(signed_in(rita), question)
    assert "Others are still asked." in mine
    assert "data-answer" not in mine


def test_a_question_that_is_over_says_how(
    project: Project, rita: Principal, paul: Principal
) -> None:
    chief = make_principal(project, role="Admin", kind="human")
    decided = ask(rita, paul)
    signed_in(paul).post(f"/inbox/{decided.id}/answer", {"value": "false"})
    expired = ask(
        rita, at=clock.now() - timedelta(hours=2), expires_in=timedelta(hours=1)
    )
    withdrawn = ask(rita)
    cancel_interaction(
        withdrawn.project_id,
        withdrawn.id,
        actor=actor_of(chief),
        reason="Wrong customer",
        now=clock.now(),
    )
    client = signed_in(rita)

    for question, words in (
        (decided, ("Rejected", "by paul")),
        (expired, ("Nobody decided in time", "1 h ago")),
        (withdrawn, ("It was withdrawn", "Wrong customer")),
    ):
        page = page_of(client, question)
        assert "data-answer" not in page
        for word in words:
            assert word in page
