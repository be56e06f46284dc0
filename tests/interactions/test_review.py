"""Answers that reviewers look at before they count."""

from datetime import timedelta
from typing import Any

import pytest

from apps.identity.models import Principal, Project
from apps.kernel import clock
from apps.source_events.models import SourceEvent
from tests.interactions.conftest import api_of
from tests.interactions.scenes import (
    TEXT,
    answer,
    ask,
    lines,
    next_step,
    pending,
    people,
    shown,
    start,
    status_of,
    step,
    types_of,
    user,
)
from tests.support.api import Api
from tests.support.drive import claim, dispatch_all
from tests.support.factories import make_principal

Crew = list[Principal]
Question = dict[str, Any]


@pytest.fixture
def crew(project: Project) -> Crew:
    """One who answers, and two who review."""
    return people(project, "ann", "rex", "ria")


@pytest.fixture
def question(api: Api, crew: Crew) -> Question:
    """A question for a text that is reviewed."""
    ann, *reviewers = crew
    review = {"reviewers": [who.id for who in reviewers]}
    return ask(api, user(ann), type=TEXT.type, spec=TEXT.spec, review=review)


def review(who: Principal | Api, question: Question, action: str, **more: Any) -> Any:
    caller = who if isinstance(who, Api) else api_of(who)
    body = {"action": action, **more}
    replied = caller.post(f"interactions/{question['id']}/review", body)
    dispatch_all()
    return replied


def test_an_answer_counts_once_a_reviewer_accepts_it(
    api: Api, project: Project, question: Question, crew: Crew
) -> None:
    ann, rex, ria = crew

    submitted = answer(ann, question, "in May", comment="I think.").json()

    assert submitted["status"] == "in_review"
    assert "response" not in submitted
    assert claim(project.id) is None
    assert status_of(api, question["run_id"]) == "suspended"
    assert SourceEvent.objects.filter(event_type="interaction.resolved").count() == 0
    accepted = review(rex, question, "accept", comment="Fine.")
    assert (accepted.status_code, accepted.json()["status"]) == (200, "completed")
    assert next_step(project) == {
        "status": "completed",
        "value": "in May",
        "comment": "I think.",
        "responder": ann.id,
    }
    assert review(ria, question, "accept").status_code == 409


def test_requested_changes_open_another_round(
    api: Api, project: Project, question: Question, crew: Crew
) -> None:
    ann, rex, ria = crew
    answer(ann, question, "soon")

    again = review(rex, question, "request_changes", comment="When exactly?").json()

    assert again["status"] == "pending"
    assert claim(project.id) is None
    assert answer(ann, question, "in May").json()["status"] == "in_review"
    assert review(ria, question, "accept").json()["status"] == "completed"
    assert next_step(project)["value"] == "in May"
    responses = shown(api, question)["responses"]
    assert [(one["round"], one["value"]) for one in responses] == [
        (1, "soon"),
        (2, "in May"),
    ]
    (line,) = lines(question["run_id"], "interaction.changes_requested")
    assert (line["round"], line["comment"]) == (2, "When exactly?")
    assert types_of(question["run_id"], without=("wait.opened",)) == [
        "interaction.requested",
        "interaction.answered",
        "interaction.submitted",
        "interaction.changes_requested",
        "interaction.answered",
        "interaction.submitted",
        "interaction.responded",
        "wait.resumed",
    ]


def test_only_answers_of_the_round_count(
    api: Api, project: Project, crew: Crew, rita: Principal
) -> None:
    ann, rex, ria = crew
    rule = {"resolution_policy": "all_of", "review": {"reviewers": [rex.id]}}
    question = ask(api, [ann.id, ria.id], **rule)
    for who in (ann, ria):
        answer(who, question, False)
    review(rex, question, "request_changes", comment="Look again.")

    assert answer(ria, question, True).json()["status"] == "pending"
    assert answer(ann, question, True).json()["status"] == "in_review"
    review(rex, question, "accept")

    assert next_step(project)["value"] is True


def test_changes_are_requested_with_a_reason(
    api: Api, question: Question, crew: Crew
) -> None:
    answer(crew[0], question, "soon")

    refused = review(crew[1], question, "request_changes", comment=" ")

    assert refused.status_code == 400
    assert refused.json()["details"]["path"] == "comment"
    assert shown(api, question)["status"] == "in_review"


@pytest.mark.parametrize("body", [{}, {"action": "reject"}, {"verdict": "accept"}])
def test_a_review_says_accept_or_request_changes(
    question: Question, crew: Crew, body: dict[str, str]
) -> None:
    answer(crew[0], question, "soon")

    refused = api_of(crew[1]).post(f"interactions/{question['id']}/review", body)

    assert refused.status_code == 400


def test_what_nobody_has_answered_is_not_reviewed(
    question: Question, crew: Crew
) -> None:
    refused = review(crew[1], question, "accept")

    assert refused.status_code == 409
    assert refused.json()["details"]["status"] == "pending"


def test_in_review_no_answer_is_taken(question: Question, crew: Crew) -> None:
    answer(crew[0], question, "soon")

    refused = answer(crew[0], question, "later")

    assert refused.status_code == 409
    assert refused.json()["details"]["status"] == "in_review"


def test_reviewers_review_others_do_not_and_strangers_find_nothing(
    question: Question, crew: Crew, paul: Principal, robot: Principal, stranger: Api
) -> None:
    answer(crew[0], question, "soon")

    for who in (crew[0], paul, robot):
        assert review(who, question, "accept").status_code == 403
    assert review(stranger, question, "accept").status_code == 404
    assert review(crew[2], question, "accept").status_code == 200


def test_nobody_reviews_their_own_answer(api: Api, crew: Crew) -> None:
    ann, rex, ria = crew
    reviewers = {"reviewers": [ann.id, ria.id]}
    question = ask(api, [ann.id, rex.id], review=reviewers)
    answer(ann, question)

    refused = review(ann, question, "accept")

    assert (refused.status_code, refused.json()["code"]) == (403, "own_answer")
    assert review(ria, question, "accept").status_code == 200


def test_nor_what_they_have_answered_for_another(
    api: Api, project: Project, crew: Crew
) -> None:
    chief = make_principal(project, role="Admin", kind="human", name="chief")
    question = ask(api, user(crew[0]), review={"reviewers": [chief.id, crew[1].id]})
    answer(chief, question, on_behalf_of=crew[0].id)

    assert review(chief, question, "accept").status_code == 403
    assert review(crew[1], question, "accept").status_code == 200


def test_without_reviewers_who_started_the_run_reviews(
    project: Project, crew: Crew, paul: Principal
) -> None:
    run_id = start(api_of(paul), step(user(crew[0]), review={}))
    question = pending(api_of(paul), run_id)
    answer(crew[0], question)

    assert review(crew[1], question, "accept").status_code == 403
    assert review(paul, question, "accept").status_code == 200
    assert next_step(project)["responder"] == crew[0].id


def test_the_deadline_counts_in_review_too(
    api: Api, question: Question, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(crew[0], question, "soon")
    late = clock.now() + timedelta(hours=25)
    monkeypatch.setattr(clock, "now", lambda: late)
    dispatch_all()

    assert shown(api, question)["status"] == "expired"
    assert status_of(api, question["run_id"]) == "failed"
    refused = review(crew[1], question, "accept")
    assert refused.status_code == 409
    assert refused.json()["details"]["status"] == "expired"
