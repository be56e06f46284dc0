"""Links: one question, one person, no sign-in."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.identity.models import Principal
from apps.interactions.links import LIFETIME, link_token
from apps.interactions.models import Channel, Interaction, InteractionResponse
from apps.kernel import clock
from tests.inbox.conftest import ask, make_group, signed_in
from tests.support.factories import home_of


def link(question: Interaction, person: Principal) -> str:
    """The path of a person's link."""
    return f"/inbox/link/{link_token(question, person.id, now=clock.now())}"


def test_a_link_shows_the_question_and_takes_one_answer(rita: Principal) -> None:
    question = ask(rita, context={"order": 1042})
    path = link(question, rita)
    client = Client()

    page = client.get(path)
    assert page.status_code == 200
    assert question.message in page.content.decode()
    assert "1042" in page.content.decode()
    assert "You answer as <b>rita</b>" in page.content.decode()
    question.refresh_from_db()
    assert question.status == "pending"

    sent = client.post(path, {"value": "true", "comment": "from the train"})
    assert sent["Location"] == path
    recorded = client.get(path).content.decode()
    assert "Your answer is recorded" in recorded
    assert "from the train" in recorded
    response = InteractionResponse.objects.get(interaction_id=question.id)
    assert response.principal_id == rita.id
    assert (response.channel, response.account) == (Channel.LINK, "")
    assert client.post(path, {"value": "false"}).status_code == 409


def test_looking_changes_nothing(rita: Principal) -> None:
    question = ask(rita)
    path = link(question, rita)
    client = Client()

    for method in ("get", "head"):
        assert getattr(client, method)(f"{path}?value=true").status_code == 200
    for method in ("put", "delete", "patch"):
        assert getattr(client, method)(path).status_code == 405

    question.refresh_from_db()
    assert question.status == "pending"


def test_a_link_page_is_kept_by_nobody(rita: Principal) -> None:
    page = Client().get(link(ask(rita), rita))

    assert "no-store" in page["Cache-Control"]
    assert "noindex" in page["X-Robots-Tag"]
    assert page["Referrer-Policy"] == "same-origin"
    assert 'name="robots" content="noindex' in page.content.decode()
    assert "Sign out" not in page.content.decode()


def test_a_link_answer_needs_the_page_it_came_from(rita: Principal) -> None:
    question = ask(rita)

    refused = Client(enforce_csrf_checks=True).post(
        link(question, rita), {"value": "true"}
    )

    question.refresh_from_db()
    assert refused.status_code == 403
    assert question.status == "pending"


@pytest.mark.parametrize("cut", [0, 1, 10])
def test_a_forged_link_opens_nothing(rita: Principal, cut: int) -> None:
    question = ask(rita)
    path = link(question, rita)
    forged = path[:-cut] if cut else f"{path[:-2]}AA"

    page = Client().get(forged)

    assert page.status_code == 404
    assert question.message not in page.content.decode()


def test_a_link_is_good_for_a_time(
    rita: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = ask(rita)
    path = link(question, rita)
    later = clock.now() + LIFETIME + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)

    for answer in (Client().get(path), Client().post(path, {"value": "true"})):
        assert answer.status_code == 410
        assert "This link has expired" in answer.content.decode()
        assert question.message not in answer.content.decode()
    question.refresh_from_db()
    assert question.status == "pending"


def test_a_link_ends_with_its_question(
    rita: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = ask(rita, expires_in=timedelta(hours=1))
    path = link(question, rita)
    assert Client().get(path).status_code == 200
    later = clock.now() + timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: later)

    assert Client().get(path).status_code == 410


def test_a_question_that_is_over_says_who_decided(
    rita: Principal, paul: Principal
) -> None:
    question = ask(rita, paul)
    signed_in(paul).post(f"/inbox/{question.id}/answer", {"value": "true"})
    path = link(question, rita)

    for answer in (Client().get(path), Client().post(path, {"value": "false"})):
        assert answer.status_code == 409
        assert "by paul" in answer.content.decode()
        assert "data-answer" not in answer.content.decode()
    question.refresh_from_db()
    assert question.value is True


def test_what_was_passed_on_cannot_be_answered_by_the_old_link(
    rita: Principal, paul: Principal
) -> None:
    question = ask(rita, allow_delegation=True)
    path = link(question, rita)
    assert "Pass it on" not in Client().get(path).content.decode()
    signed_in(rita).post(f"/inbox/{question.id}/delegate", {"to": paul.id})

    assert Client().get(path).status_code == 409
    assert Client().post(path, {"value": "true"}).status_code == 409


def test_what_somebody_took_on_waits_for_them(rita: Principal, paul: Principal) -> None:
    question = ask(make_group(home_of(rita), "support", rita, paul))
    signed_in(paul).post(f"/inbox/{question.id}/claim")

    page = Client().get(link(question, rita))

    assert page.status_code == 409
    assert "paul has taken this on" in page.content.decode()


def test_somebody_else_who_is_signed_in_is_told_whose_it_is(
    rita: Principal, paul: Principal
) -> None:
    question = ask(rita)
    path = link(question, rita)
    stranger = Client()
    stranger.force_login(User.objects.create_user("lonely"))

    for client in (signed_in(paul), stranger):
        for answer in (client.get(path), client.post(path, {"value": "true"})):
            page = answer.content.decode()
            assert answer.status_code == 403
            assert "This link is for rita" in page
            assert question.message not in page
    question.refresh_from_db()
    assert question.status == "pending"


def test_the_right_person_may_be_signed_in(rita: Principal) -> None:
    question = ask(rita)

    assert signed_in(rita).get(link(question, rita)).status_code == 200


def test_a_link_lets_nobody_into_the_rest(rita: Principal) -> None:
    question = ask(rita)
    client = Client()
    client.get(link(question, rita))

    assert client.get("/inbox/").status_code == 302
    assert client.get(f"/inbox/{question.id}").status_code == 302


def test_the_link_of_a_member_who_left_opens_nothing(rita: Principal) -> None:
    question = ask(rita)
    path = link(question, rita)
    rita.disabled = True
    rita.save()

    assert Client().get(path).status_code == 404
    assert Client().post(path, {"value": "true"}).status_code == 404


def test_a_link_of_somebody_who_was_never_asked_opens_nothing(
    rita: Principal, paul: Principal
) -> None:
    question = ask(rita)

    page = Client().get(link(question, paul))

    assert page.status_code == 404
    assert question.message not in page.content.decode()


def test_a_wrong_answer_by_link_is_put_right(rita: Principal) -> None:
    question = ask(rita, spec={"mode": "input"})
    path = link(question, rita)
    client = Client()

    refused = client.post(path, {"f": "", "comment": "hm"})
    assert refused.status_code == 400
    assert "is required" in refused.content.decode()
    assert client.post(path, {"f": "in May"}).status_code == 302
    question.refresh_from_db()
    assert question.value == "in May"


def test_a_link_is_no_password(rita: Principal) -> None:
    client = Client()
    client.get(link(ask(rita), rita))

    assert "sessionid" not in client.cookies
