"""Answering by form: every mode, what is wrong, too late."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from apps.identity.models import Principal
from apps.interactions.models import Channel, Interaction, InteractionResponse
from apps.kernel import clock
from tests.inbox.conftest import CONFIRM, ask, options, signed_in

SELECT = {"mode": "select", "options": options("red", "green", "blue")}
MULTI = {"mode": "multi_select", "options": options("red", "green", "blue")}
TEXT = {"mode": "input"}
SCHEMA = {
    "type": "object",
    "required": ["amount"],
    "properties": {
        "amount": {"type": "number", "minimum": 1},
        "reason": {"type": "string", "maxLength": 20},
    },
}
FORM = {"mode": "form", "schema": SCHEMA}


def send(client: Client, question: Interaction, form: Mapping[str, Any]) -> Any:
    return client.post(f"/inbox/{question.id}/answer", form)


@pytest.mark.parametrize(
    ("spec", "form", "value", "words"),
    [
        (CONFIRM, {"value": "true"}, True, "Approved"),
        (CONFIRM, {"value": "false"}, False, "Rejected"),
        (SELECT, {"f": "2"}, "green", "Green"),
        (MULTI, {"f": ["3", "1"]}, ["red", "blue"], "Red, Blue"),
        (MULTI, {}, [], "Nothing"),
        (TEXT, {"f": "two\r\nlines"}, "two\nlines", "two\nlines"),
        (FORM, {"f:amount": "12.5", "f:reason": ""}, {"amount": 12.5}, "12.5"),
    ],
)
def test_an_answer_is_recorded(
    rita: Principal, spec: Any, form: dict[str, Any], value: Any, words: str
) -> None:
    question = ask(rita, spec=spec)
    client = signed_in(rita)

    sent = send(client, question, {**form, "comment": "as agreed"})

    question.refresh_from_db()
    assert sent["Location"] == f"/inbox/{question.id}/recorded"
    assert (question.status, question.value) == ("completed", value)
    page = client.get(sent["Location"]).content.decode()
    assert words in page
    assert "as agreed" in page
    assert "This decided the request" in page


def test_it_is_kept_who_answered_and_from_where(rita: Principal) -> None:
    question = ask(rita)
    client = signed_in(rita)

    client.post(
        f"/inbox/{question.id}/answer",
        {"value": "true"},
        REMOTE_ADDR="10.1.2.3",
        headers={"user-agent": "Browser/1"},
    )

    response = InteractionResponse.objects.get(interaction_id=question.id)
    assert response.principal_id == rita.id
    assert response.channel == Channel.BROWSER
    assert response.account == "rita"
    assert (response.address, response.user_agent) == ("10.1.2.3", "Browser/1")


@pytest.mark.parametrize(
    ("spec", "form", "problem"),
    [
        (CONFIRM, {}, "choose Approve or Reject"),
        (CONFIRM, {"value": "maybe"}, "choose Approve or Reject"),
        (SELECT, {}, "is required"),
        (SELECT, {"f": "9"}, "is required"),
        (TEXT, {"f": ""}, "is required"),
        (TEXT, {"f": "a\x00"}, "must not contain the character NUL"),
        (FORM, {"f:amount": "much"}, "expected a number, such as 12.5"),
        (FORM, {"f:amount": ""}, "is required"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(
    rita: Principal, spec: Any, form: dict[str, Any], problem: str
) -> None:
    question = ask(rita, spec=spec)

    answer = send(signed_in(rita), question, {**form, "comment": "my <words>"})

    question.refresh_from_db()
    page = answer.content.decode()
    assert answer.status_code == 400
    assert question.status == "pending"
    assert problem in page
    assert "Not sent yet." in page
    assert "my &lt;words&gt;" in page


def test_a_form_with_an_error_keeps_what_was_typed(rita: Principal) -> None:
    question = ask(rita, spec=FORM)

    page = send(
        signed_in(rita), question, {"f:amount": "0.5", "f:reason": "torn & wet"}
    ).content.decode()

    assert 'value="0.5"' in page
    assert 'value="torn &amp; wet"' in page
    assert 'aria-describedby="f-amount-problem"' in page
    assert 'aria-invalid="true"' in page
    assert 'href="#f-amount"' in page


def test_defaults_are_chosen_beforehand(rita: Principal) -> None:
    client = signed_in(rita)
    cases: list[tuple[dict[str, Any], str]] = [
        ({**SELECT, "default_value": "green"}, 'value="2" checked'),
        ({**MULTI, "default_values": ["red", "blue"]}, 'value="3" checked'),
        ({**TEXT, "default_text": "Dear all"}, 'value="Dear all"'),
        ({**TEXT, "multiline": True, "placeholder": "Say"}, 'placeholder="Say"'),
        ({**CONFIRM, "default_confirmed": False}, 'approve other"'),
        ({**CONFIRM, "default_confirmed": True}, 'reject other"'),
    ]

    for spec, words in cases:
        question = ask(rita, spec=spec)
        page = client.get(f"/inbox/{question.id}").content.decode()
        assert words in page


def test_an_answer_that_comes_too_late_changes_nothing(
    rita: Principal, paul: Principal
) -> None:
    question = ask(rita, paul)
    send(signed_in(paul), question, {"value": "true"})

    late = send(signed_in(rita), question, {"value": "false"})

    question.refresh_from_db()
    page = late.content.decode()
    assert late.status_code == 409
    assert "Nothing was changed" in page
    assert "by paul" in page
    assert "data-answer" not in page
    assert question.value is True


def test_an_answer_after_the_deadline_changes_nothing(rita: Principal) -> None:
    question = ask(
        rita, at=clock.now() - timedelta(hours=2), expires_in=timedelta(hours=1)
    )

    late = send(signed_in(rita), question, {"value": "true"})

    question.refresh_from_db()
    assert late.status_code == 409
    assert "Nobody decided in time" in late.content.decode()
    assert question.status != "completed"


def test_the_same_answer_sent_twice_counts_once(
    rita: Principal, paul: Principal
) -> None:
    question = ask(rita, paul, resolution_policy="all_of")
    client = signed_in(rita)
    assert send(client, question, {"value": "true"}).status_code == 302

    again = send(client, question, {"value": "false"})

    assert again.status_code == 409
    (response,) = InteractionResponse.objects.filter(interaction_id=question.id)
    assert response.value is True


def test_who_started_the_run_is_not_asked(rita: Principal, paul: Principal) -> None:
    question = ask(rita, paul, exclude_initiator=True, initiator=rita.id)

    answer = send(signed_in(rita), question, {"value": "true"})

    assert answer.status_code == 403
    assert question.message not in answer.content.decode()
    assert send(signed_in(paul), question, {"value": "true"}).status_code == 302


def test_the_next_request_is_offered(rita: Principal) -> None:
    client = signed_in(rita)
    other = ask(rita, message="And this?")
    question = ask(rita)

    send(client, question, {"value": "true"})
    page = client.get(f"/inbox/{question.id}/recorded").content.decode()

    assert "Next: And this?" in page
    assert f"/inbox/{other.id}" in page


def test_nothing_is_said_to_be_recorded_before_it_is(rita: Principal) -> None:
    question = ask(rita)

    page = signed_in(rita).get(f"/inbox/{question.id}/recorded")

    assert page["Location"] == f"/inbox/{question.id}"


def test_an_answer_of_a_member_of_two_projects_goes_to_the_right_one(
    rita: Principal, eve: Principal
) -> None:
    eve.user = rita.user
    eve.save()
    question = ask(eve)

    assert send(signed_in(rita), question, {"value": "true"}).status_code == 302
    question.refresh_from_db()
    assert question.responder_id == eve.id
