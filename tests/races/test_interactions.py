"""People who act at the same moment: real threads, real commits, whole runs."""

import pytest
from django.db import transaction

from apps.identity.models import Project
from apps.interactions.models import (
    Interaction,
    InteractionResponse,
)
from apps.interactions.services.claim import claim_interaction
from apps.interactions.services.delegate import delegate_interaction
from apps.interactions.services.groups.remove_member import remove_group_member
from apps.interactions.services.remind import act_on_time
from apps.interactions.services.review import review_interaction
from apps.kernel import clock
from tests.interactions.scenes import (
    ask,
    group_target,
    lines,
    team,
    user,
)
from tests.races.crew import Crew, resumed, standing, won
from tests.races.test_races import at_once
from tests.support.api import Api

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS = 4


@pytest.fixture
def crew(project: Project) -> Crew:
    """Three members."""
    return Crew(project)


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_of_two_members_who_answer_at_once_one_is_heard(
    api: Api, project: Project, crew: Crew, round_: int
) -> None:
    question = ask(api, group_target(team(project, *crew.members)))

    (winner,) = won(at_once(*(crew.answers(n, question, n == 0) for n in range(3))))

    row = standing(question)
    assert InteractionResponse.objects.count() == 1
    assert row.responder_id == winner.responder_id
    assert resumed(question["run_id"])["responder"]["id"] == row.responder_id


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_the_last_two_of_all_at_once_decide_together_once(
    api: Api, crew: Crew, round_: int
) -> None:
    question = ask(api, crew.ids, resolution_policy="all_of")

    assert len(won(at_once(*(crew.answers(n, question) for n in range(3))))) == 3

    assert standing(question).status == "completed"
    payload = resumed(question["run_id"])
    assert sorted(one["user_id"] for one in payload["responses"]) == sorted(crew.ids)


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_a_quorum_is_reached_once_however_many_answer_at_once(
    api: Api, crew: Crew, round_: int
) -> None:
    rule = {"type": "quorum", "threshold": 2}
    question = ask(api, crew.ids, resolution_policy=rule)

    winners = won(at_once(*(crew.answers(n, question) for n in range(3))))

    assert (len(winners), standing(question).status) == (2, "completed")
    assert len(resumed(question["run_id"])["responses"]) == 2


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_of_all_who_claim_at_once_one_holds_it(
    api: Api, project: Project, crew: Crew, round_: int
) -> None:
    question = ask(api, group_target(team(project, *crew.members)))

    outcomes = at_once(*(crew.does(claim_interaction, n, question) for n in range(3)))

    (winner,) = won(outcomes)
    assert standing(question).claimed_by == winner.claimed_by
    (line,) = lines(question["run_id"], "interaction.claimed")
    assert line["principal_id"] == winner.claimed_by


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_the_last_of_all_against_their_removal_from_the_group(
    api: Api, project: Project, crew: Crew, round_: int
) -> None:
    group = team(project, *crew.members[:2])
    question = ask(api, group_target(group, require_all=True))
    crew.answers(0, question)()

    at_once(
        crew.answers(1, question),
        lambda: remove_group_member(project.id, group.id, crew.ids[1]),
    )

    assert standing(question).status == "completed"
    assert len(resumed(question["run_id"])["responses"]) == 2


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_the_last_of_all_against_an_escalation(
    api: Api, crew: Crew, round_: int
) -> None:
    ann, ben, cleo = crew.ids
    escalation = [{"after": "1h", "targets": [cleo]}]
    question = ask(api, [ann, ben], resolution_policy="all_of", escalation=escalation)
    crew.answers(0, question)()
    due = {"interaction_id": question["id"], "what": "escalate", "number": 0}

    def escalate() -> None:
        with transaction.atomic():
            act_on_time(due, clock.now())

    answered, _ = at_once(crew.answers(1, question), escalate)

    if isinstance(answered, Interaction):
        assert standing(question).status == "completed"
    else:
        assert standing(question).status == "pending"
        crew.answers(2, question)()
    assert len(resumed(question["run_id"])["responses"]) == 2


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_an_answer_against_passing_the_question_on(
    api: Api, crew: Crew, round_: int
) -> None:
    question = ask(api, user(crew.members[0]), allow_delegation=True)

    outcomes = at_once(
        crew.answers(0, question),
        crew.does(delegate_interaction, 0, question, to=crew.ids[1]),
    )

    assert len(won(outcomes)) == 1
    if standing(question).status == "pending":
        crew.answers(1, question)()
    assert resumed(question["run_id"])["responder"]["id"] in crew.ids[:2]


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_of_two_reviewers_at_once_one_is_heard(
    api: Api, crew: Crew, round_: int
) -> None:
    review = {"reviewers": crew.ids[1:]}
    question = ask(api, user(crew.members[0]), review=review)
    crew.answers(0, question)()

    changes = {"action": "request_changes", "comment": "Again."}
    outcomes = at_once(
        crew.does(review_interaction, 1, question, action="accept"),
        crew.does(review_interaction, 2, question, **changes),
    )

    (winner,) = won(outcomes)
    assert standing(question).status == winner.status
    if winner.status == "pending":
        crew.answers(0, question)()
        crew.does(review_interaction, 2, question, action="accept")()
    assert resumed(question["run_id"])["status"] == "completed"
