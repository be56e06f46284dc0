"""Mails about questions: who gets one, when, and that its link answers."""

import re
from typing import Any

import pytest
from django.core import mail

from apps.deliveries.models import Delivery
from apps.deliveries.sending import send_due
from apps.identity.models import Principal, Project
from apps.interactions.links import read_link
from apps.kernel import clock
from tests.interactions.conftest import api_of
from tests.interactions.scenes import answer, ask, next_step, people, user
from tests.interactions.test_links import answer_by_link
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.frozen import FrozenClock

Crew = list[Principal]
BY_MAIL = {"channels": [{"kind": "email"}]}
LINK = re.compile(r"\S+/inbox/link/(\S+)")


@pytest.fixture(autouse=True)
def time_(monkeypatch: pytest.MonkeyPatch) -> FrozenClock:
    """The clock of the whole process; it moves when the test says so."""
    standing = FrozenClock()
    monkeypatch.setattr(clock, "now", standing)
    return standing


@pytest.fixture
def crew(project: Project) -> Crew:
    """Three people: two with an address, one without."""
    found = people(project, "ann", "ben", "cleo")
    for who in found[:2]:
        who.email = f"{who.name}@example.com"
        who.save()
    return found


def sent() -> dict[str, Any]:
    """The mails that leave now, by their receiver."""
    mail.outbox.clear()
    dispatch_all()
    send_due()
    return {message.to[0]: message for message in mail.outbox}


def test_those_who_are_asked_get_a_mail_each_of_their_own(api: Api, crew: Crew) -> None:
    ask(
        api,
        [who.id for who in crew],
        message="Publish\nthe report?",
        description="Forty pages.",
        delivery=BY_MAIL,
    )

    mails = sent()

    assert set(mails) == {"ann@example.com", "ben@example.com"}
    message = mails["ann@example.com"]
    assert message.subject == "Publish the report?"
    for words in ("ann", "Publish\nthe report?", "Forty pages.", "Answer until"):
        assert words in message.body
    (html, kind) = message.alternatives[0]
    assert kind == "text/html"
    assert "Forty pages." in html


def test_the_link_in_the_mail_answers_as_its_receiver(
    api: Api, project: Project, crew: Crew
) -> None:
    ann, ben, _ = crew
    question = ask(api, [ann.id, ben.id], delivery=BY_MAIL)
    found = LINK.search(sent()["ben@example.com"].body)
    assert found is not None
    claimed = read_link(found[1], now=clock.now())
    assert (claimed.interaction_id, claimed.principal_id) == (question["id"], ben.id)

    answer_by_link(found[1], ben)

    assert next_step(project)["responder"] == ben.id


def test_what_a_person_wrote_is_not_markup_in_the_mail(api: Api, crew: Crew) -> None:
    ask(api, user(crew[0]), message="<b>1 & 2</b>", delivery=BY_MAIL)

    message = sent()["ann@example.com"]

    assert "<b>1 & 2</b>" in message.body
    assert "&lt;b&gt;1 &amp; 2&lt;/b&gt;" in message.alternatives[0][0]


def test_an_address_that_is_not_of_somebody_asked_gets_no_link(
    api: Api, crew: Crew
) -> None:
    to = ["list@example.com", "ann@example.com"]
    delivery = {"channels": [{"kind": "email", "email": {"to": to}}]}
    question = ask(api, [who.id for who in crew], delivery=delivery)

    mails = sent()

    assert set(mails) == set(to)
    assert LINK.search(mails["ann@example.com"].body)
    assert not LINK.search(mails["list@example.com"].body)
    assert f"/inbox/{question['id']}" in mails["list@example.com"].body


@pytest.mark.parametrize(
    "delivery", [None, {"channels": [{"kind": "inbox_only"}]}], ids=str
)
def test_without_mail_nothing_leaves(
    api: Api, crew: Crew, delivery: dict[str, Any] | None
) -> None:
    block = {"delivery": delivery} if delivery else {}
    ask(api, user(crew[0]), **block)

    assert sent() == {}


def test_each_occasion_has_its_mail(api: Api, crew: Crew, time_: FrozenClock) -> None:
    ann, ben, _ = crew
    question = ask(
        api,
        user(ann),
        delivery=BY_MAIL,
        reminders=["1h"],
        escalation=[{"after": "2h", "target": user(ben)}],
    )
    assert sent()["ann@example.com"].subject == "Publish?"

    time_.tick(hours=1)
    assert sent()["ann@example.com"].subject == "Reminder: Publish?"

    time_.tick(hours=1)
    mails = sent()
    assert list(mails) == ["ben@example.com"]
    assert mails["ben@example.com"].subject == "Escalated: Publish?"
    assert question["status"] == "pending"


def test_who_takes_over_and_who_answers_again_are_told(api: Api, crew: Crew) -> None:
    ann, ben, cleo = crew
    question = ask(
        api,
        user(ann),
        delivery=BY_MAIL,
        allow_delegation=True,
        review={"reviewers": [cleo.id]},
    )
    sent()
    path = f"interactions/{question['id']}"
    api_of(ann).post(f"{path}/delegate", {"to": ben.id})
    assert sent()["ben@example.com"].subject == "Passed to you: Publish?"

    answer(ben, question)
    body = {"action": "request_changes", "comment": "Why?"}
    api_of(cleo).post(f"{path}/review", body)

    mails = sent()
    assert list(mails) == ["ben@example.com"]
    assert mails["ben@example.com"].subject == "Changes requested: Publish?"


def test_a_mail_that_has_left_is_erased_with_its_link(api: Api, crew: Crew) -> None:
    question = ask(api, user(crew[0]), delivery=BY_MAIL)
    sent()

    row = Delivery.objects.get(subject_id=question["id"])

    assert (row.status, row.purpose) == ("delivered", "interaction.request")
    assert "link" not in str(row.payload)


def test_a_question_over_the_api_is_mailed_too(api: Api, crew: Crew) -> None:
    body = {"kind": "request_approval", "title": "Publish?", "delivery": BY_MAIL}

    made = api.post("interactions", {**body, "target_user_ids": [crew[0].id]})

    assert made.status_code == 201
    assert made.json()["delivery"] == BY_MAIL
    assert list(sent()) == ["ann@example.com"]


@pytest.mark.parametrize(
    ("delivery", "path"),
    [
        ({}, "delivery.channels"),
        ({"channels": []}, "delivery.channels"),
        ({"channels": [{"kind": "fax"}]}, "delivery.channels[0].kind"),
        (
            {"channels": [{"kind": "email", "email": {"to": ["nobody"]}}]},
            "delivery.channels[0].email.to[0]",
        ),
    ],
)
def test_a_delivery_that_cannot_be_is_named(
    api: Api, crew: Crew, delivery: dict[str, Any], path: str
) -> None:
    body = {"type": "approval", "message": "Publish?", "targets": [crew[0].id]}

    refused = api.post("interactions", {**body, "delivery": delivery})

    assert refused.status_code == 400
    assert path in {each["path"] for each in refused.json()["details"]["fields"]}
