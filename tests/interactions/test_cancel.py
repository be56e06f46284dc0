"""Questions that are withdrawn."""

from typing import Any

import pytest

from apps.identity.models import Principal, Project, Role, RoleAssignment
from apps.interactions.models import InteractionParticipant
from apps.source_events.models import SourceEvent
from tests.interactions.conftest import api_of
from tests.interactions.scenes import (
    answer,
    ask,
    lines,
    next_step,
    people,
    shown,
    status_of,
    types_of,
    user,
)
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.factories import make_principal

Question = dict[str, Any]


@pytest.fixture
def ann(project: Project) -> Principal:
    """Who is asked."""
    return people(project, "ann")[0]


@pytest.fixture
def question(api: Api, ann: Principal) -> Question:
    """A question of a step."""
    return ask(api, user(ann))


def cancel(who: Principal | Api, question: Question, **body: Any) -> Any:
    caller = who if isinstance(who, Api) else api_of(who)
    replied = caller.post(f"interactions/{question['id']}/cancel", body)
    dispatch_all()
    return replied


def test_the_step_goes_on_with_the_reason_instead_of_an_answer(
    api: Api, project: Project, question: Question, paul: Principal
) -> None:
    cancelled = cancel(paul, question, reason="No longer needed.")

    assert cancelled.status_code == 200
    found = cancelled.json()
    assert (found["status"], found["cancel_reason"]) == (
        "cancelled",
        "No longer needed.",
    )
    given = next_step(project)
    assert (given["status"], given["value"]) == ("cancelled", None)
    (line,) = lines(question["run_id"], "interaction.cancelled")
    assert (line["reason"], line["cancelled_by"]) == ("No longer needed.", paul.id)
    (resumed,) = lines(question["run_id"], "wait.resumed")
    assert resumed["payload"] == {
        "interaction_id": question["id"],
        "status": "cancelled",
        "reason": "No longer needed.",
    }
    assert SourceEvent.objects.filter(event_type="interaction.resolved").count() == 0


def test_who_was_asked_is_not_any_more(
    api: Api, question: Question, ann: Principal
) -> None:
    cancel(api, question)

    late = answer(ann, question)
    assert (late.status_code, late.json()["details"]) == (409, {"status": "cancelled"})
    rows = InteractionParticipant.objects.filter(interaction_id=question["id"])
    assert not rows.filter(is_open=True).exists()


def test_who_asked_may_withdraw_without_managing_questions(
    project: Project, ann: Principal
) -> None:
    asker = make_principal(project, role="Operator", kind="human", name="asker")
    body = {"type": "approval", "message": "Publish?", "targets": [ann.id]}
    made = api_of(asker).post("interactions", body).json()
    viewer = Role.objects.get(name="Viewer")
    RoleAssignment.objects.filter(principal=asker).update(role=viewer)

    assert cancel(ann, made).status_code == 403
    assert cancel(asker, made).status_code == 200


@pytest.mark.parametrize("end", ["answered", "cancelled", "run cancelled"])
def test_what_is_over_is_not_withdrawn(
    api: Api, question: Question, ann: Principal, end: str
) -> None:
    if end == "answered":
        answer(ann, question)
    elif end == "cancelled":
        cancel(api, question)
    else:
        api.post(f"runs/{question['run_id']}/cancellations")
        dispatch_all()
    before = shown(api, question)

    assert cancel(api, question).status_code == 409

    assert shown(api, question) == before


def test_in_review_it_can_still_be_withdrawn(
    api: Api, project: Project, ann: Principal, rita: Principal
) -> None:
    question = ask(api, user(ann), review={"reviewers": [rita.id]})
    answer(ann, question)

    assert cancel(api, question).json()["status"] == "cancelled"
    assert next_step(project)["status"] == "cancelled"


def test_cancelling_the_run_withdraws_its_question(
    api: Api, question: Question, ann: Principal
) -> None:
    api.post(f"runs/{question['run_id']}/cancellations")
    dispatch_all()

    assert status_of(api, question["run_id"]) == "cancelled"
    assert shown(api, question)["status"] == "cancelled"
    assert answer(ann, question).status_code == 409
    assert "interaction.responded" not in types_of(question["run_id"])


def test_a_reason_is_a_text(api: Api, question: Question) -> None:
    refused = cancel(api, question, reason=7)

    assert refused.status_code == 400
    assert refused.json()["details"]["path"] == "reason"


def test_managers_withdraw_the_asked_do_not_and_strangers_find_nothing(
    api: Api, question: Question, ann: Principal, stranger: Api
) -> None:
    assert cancel(ann, question).status_code == 403
    assert cancel(stranger, question).status_code == 404
    assert cancel(api, question).status_code == 200


# --- Put away ---------------------------------------------------------------------


def test_what_is_over_is_put_away_and_what_is_open_is_not(
    api: Api, question: Question, ann: Principal
) -> None:
    path = f"interactions/{question['id']}"
    assert api.delete(path).status_code == 400
    answer(ann, question)

    assert api_of(ann).delete(path).status_code == 403
    assert api.delete(path).status_code == 204

    assert api.get(path).status_code == 404
    assert api.get("interactions").json()["items"] == []
    assert api.delete(path).status_code == 404
