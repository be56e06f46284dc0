"""Taking on, giving back, passing on, reviewing."""

from collections.abc import Mapping
from typing import Any

import pytest

from apps.identity.models import Principal, Project
from apps.interactions.models import Interaction
from tests.inbox.conftest import ask, make_group, make_member, signed_in


def do(member: Principal, question: Interaction, what: str, **form: str) -> Any:
    return signed_in(member).post(f"/inbox/{question.id}/{what}", form)


def page(member: Principal, question: Interaction) -> str:
    return signed_in(member).get(f"/inbox/{question.id}").content.decode()


def inbox(member: Principal) -> str:
    return signed_in(member).get("/inbox/").content.decode()


@pytest.fixture
def shared(project: Project, rita: Principal, paul: Principal) -> Interaction:
    """A question to a group of two."""
    return ask(make_group(project, "support", rita, paul))


def test_a_member_takes_it_on_for_the_group(
    shared: Interaction, rita: Principal, paul: Principal
) -> None:
    assert "Take it on" in page(rita, shared)

    assert do(rita, shared, "claim").status_code == 302

    assert "You have taken it on" in inbox(rita)
    assert "Give it back" in page(rita, shared)
    assert shared.message not in inbox(paul)
    theirs = page(paul, shared)
    assert "rita has taken this on" in theirs
    assert "data-answer" not in theirs
    assert do(paul, shared, "answer", value="true").status_code == 409
    refused = do(paul, shared, "claim")
    assert refused.status_code == 409
    assert "Nothing was changed" in refused.content.decode()


def test_and_gives_it_back(
    shared: Interaction, rita: Principal, paul: Principal
) -> None:
    do(rita, shared, "claim")
    assert do(paul, shared, "release").status_code == 403

    assert do(rita, shared, "release").status_code == 302

    assert shared.message in inbox(paul)
    assert do(paul, shared, "answer", value="true").status_code == 302


def test_what_asks_one_person_cannot_be_taken_on(rita: Principal) -> None:
    question = ask(rita)

    assert "Take it on" not in page(rita, question)
    refused = do(rita, question, "claim")
    assert refused.status_code == 400
    assert "Nothing was changed" in refused.content.decode()


def test_a_question_is_passed_on(
    project: Project, rita: Principal, paul: Principal
) -> None:
    question = ask(rita, allow_delegation=True)
    make_member(project, "ann")
    assert f'<option value="{paul.id}">paul</option>' in page(rita, question)

    passed = do(rita, question, "delegate", to=paul.id, comment="You know them")

    assert passed.status_code == 302
    assert "You passed this on" in page(rita, question)
    assert question.message not in inbox(rita)
    assert question.message in inbox(paul)
    assert do(paul, question, "answer", value="true").status_code == 302


@pytest.mark.parametrize("to", ["", "prin_nobody"])
def test_a_question_is_not_passed_on_to_nobody(rita: Principal, to: str) -> None:
    question = ask(rita, allow_delegation=True)

    refused = do(rita, question, "delegate", to=to)

    assert refused.status_code == 400
    assert "expected a member of this project" in refused.content.decode()
    assert "data-answer" in refused.content.decode()


def test_what_may_not_be_passed_on_is_not(rita: Principal, paul: Principal) -> None:
    question = ask(rita)

    assert "Pass it on" not in page(rita, question)
    assert do(rita, question, "delegate", to=paul.id).status_code == 400


@pytest.fixture
def reviewed(rita: Principal, paul: Principal) -> Interaction:
    """A question whose answer paul looks at."""
    return ask(rita, review={"reviewers": [paul.id]})


def test_an_answer_is_reviewed(
    reviewed: Interaction, rita: Principal, paul: Principal
) -> None:
    assert "once it is there" in page(paul, reviewed)
    do(rita, reviewed, "answer", value="true")
    assert "Reviewers look at the answer" in page(rita, reviewed)
    assert "Review the answer" in inbox(paul)
    assert "Your review" in page(paul, reviewed)

    assert do(paul, reviewed, "review", action="accept").status_code == 302

    reviewed.refresh_from_db()
    assert reviewed.status == "completed"
    assert "Approved" in page(paul, reviewed)


def test_changes_are_requested_with_a_comment(
    reviewed: Interaction, rita: Principal, paul: Principal
) -> None:
    do(rita, reviewed, "answer", value="true")
    bare = do(paul, reviewed, "review", action="request_changes")
    assert bare.status_code == 400
    assert "comment" in bare.content.decode()

    asked = do(
        paul, reviewed, "review", action="request_changes", comment="Why so much?"
    )

    assert asked.status_code == 302
    assert "Changes were requested" in inbox(rita)
    again = page(rita, reviewed)
    assert "Why so much?" in again
    assert "data-answer" in again
    assert do(rita, reviewed, "answer", value="false").status_code == 302


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"action": "accept"}, 409),
        ({"action": "burn"}, 400),
        ({}, 400),
        ({"action": "accept", "comment": "x" * 10_001}, 400),
    ],
)
def test_a_review_at_the_wrong_moment_or_of_the_wrong_kind(
    reviewed: Interaction, paul: Principal, form: Mapping[str, str], status: int
) -> None:
    assert do(paul, reviewed, "review", **form).status_code == status


def test_who_answered_does_not_review(reviewed: Interaction, rita: Principal) -> None:
    do(rita, reviewed, "answer", value="true")

    assert do(rita, reviewed, "review", action="accept").status_code == 403
    reviewed.refresh_from_db()
    assert reviewed.status == "in_review"
