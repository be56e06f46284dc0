"""What time brings: reminders, and others who are asked too."""

from typing import Any

import pytest

from apps.identity.models import Principal, Project
from apps.kernel import clock
from tests.interactions.conftest import api_of
from tests.interactions.scenes import (
    answer,
    ask,
    group_target,
    lines,
    next_step,
    people,
    shown,
    team,
    user,
)
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.frozen import FrozenClock

Crew = list[Principal]
Question = dict[str, Any]


@pytest.fixture(autouse=True)
def time_(monkeypatch: pytest.MonkeyPatch) -> FrozenClock:
    """The clock of the whole process; it moves when the test says so."""
    standing = FrozenClock()
    monkeypatch.setattr(clock, "now", standing)
    return standing


@pytest.fixture
def crew(project: Project) -> Crew:
    """Three people."""
    return people(project, "ann", "ben", "cleo")


def wait(time_: FrozenClock, **amount: float) -> None:
    """Let time pass, and happen what is due."""
    time_.tick(**amount)
    dispatch_all()


# --- Reminders --------------------------------------------------------------------


def test_a_reminder_is_told_at_its_time_to_those_who_still_wait(
    api: Api, crew: Crew, time_: FrozenClock
) -> None:
    ann, ben, _ = crew
    question = ask(
        api, [ann.id, ben.id], resolution_policy="all_of", reminders=["1h", "3h"]
    )
    run_id = question["run_id"]

    wait(time_, minutes=59)
    assert lines(run_id, "interaction.reminded") == []
    wait(time_, minutes=1)
    answer(ann, question)
    wait(time_, hours=2)

    told = lines(run_id, "interaction.reminded")
    assert [line["number"] for line in told] == [1, 2]
    assert [line["targets"] for line in told] == [[ann.id, ben.id], [ben.id]]
    assert shown(api, question)["status"] == "pending"


def test_nobody_is_reminded_of_what_is_over(
    api: Api, crew: Crew, time_: FrozenClock
) -> None:
    question = ask(api, user(crew[0]), reminders=["1h"])
    answer(crew[0], question)

    wait(time_, hours=2)

    assert lines(question["run_id"], "interaction.reminded") == []


def test_a_reminder_of_a_claimed_question_is_for_who_claimed_it(
    api: Api, project: Project, crew: Crew, time_: FrozenClock
) -> None:
    question = ask(api, group_target(team(project, *crew)), reminders=["1h"])
    api_of(crew[1]).post(f"interactions/{question['id']}/claim")

    wait(time_, hours=1)

    (line,) = lines(question["run_id"], "interaction.reminded")
    assert line["targets"] == [crew[1].id]


# --- Escalation -------------------------------------------------------------------


def escalate_to(*crew: Principal, after: str = "2h") -> list[dict[str, Any]]:
    return [{"after": after, "targets": [who.id for who in crew]}]


def test_after_its_time_others_are_asked_too(
    api: Api, project: Project, crew: Crew, time_: FrozenClock
) -> None:
    ann, ben, _ = crew
    question = ask(api, user(ann), escalation=escalate_to(ben))
    assert answer(ben, question).status_code == 403

    wait(time_, hours=2)

    assert answer(ben, question, comment="At last.").json()["status"] == "completed"
    given = next_step(project)
    assert (given["responder"], given["comment"]) == (ben.id, "At last.")
    (line,) = lines(question["run_id"], "interaction.escalated")
    assert (line["number"], line["targets"], line["relieved"]) == (1, [ben.id], [])


def test_who_was_asked_first_may_still_answer_after_an_escalation(
    api: Api, project: Project, crew: Crew, time_: FrozenClock
) -> None:
    question = ask(api, user(crew[0]), escalation=escalate_to(crew[1]))
    wait(time_, hours=2)

    assert answer(crew[0], question).status_code == 200
    assert next_step(project)["responder"] == crew[0].id


def test_where_all_have_to_answer_others_take_the_place_of_the_silent(
    api: Api, project: Project, crew: Crew, time_: FrozenClock
) -> None:
    ann, ben, cleo = crew
    question = ask(
        api,
        [ann.id, ben.id],
        resolution_policy="all_of",
        escalation=escalate_to(cleo),
    )
    answer(ann, question)
    wait(time_, hours=2)

    assert answer(ben, question).status_code == 403
    done = answer(cleo, question).json()

    assert done["resolved_by"] == "all_of: 2 of 2 answered"
    (line,) = lines(question["run_id"], "interaction.escalated")
    assert line["relieved"] == [ben.id]
    assert next_step(project)["value"] is True


def test_a_quorum_counts_those_who_join(
    api: Api, project: Project, crew: Crew, time_: FrozenClock
) -> None:
    ann, ben, cleo = crew
    question = ask(
        api,
        [ann.id, ben.id],
        resolution_policy={"type": "quorum", "threshold": 2},
        escalation=escalate_to(cleo),
    )
    answer(ann, question)
    wait(time_, hours=2)

    done = answer(cleo, question).json()

    assert done["resolved_by"] == "quorum: 2 of 3 approved, 2 needed"
    assert next_step(project)["value"] is True


def test_a_claim_that_led_nowhere_ends_with_the_escalation(
    api: Api, project: Project, crew: Crew, time_: FrozenClock
) -> None:
    ann, ben, cleo = crew
    question = ask(
        api, group_target(team(project, ann, ben)), escalation=escalate_to(cleo)
    )
    api_of(ann).post(f"interactions/{question['id']}/claim")

    wait(time_, hours=2)

    assert "claimed_by" not in shown(api, question)
    assert answer(cleo, question).status_code == 200
    assert next_step(project)["responder"] == cleo.id


def test_escalations_follow_each_other_and_may_ask_a_group(
    api: Api, project: Project, crew: Crew, time_: FrozenClock
) -> None:
    ann, ben, cleo = crew
    later = {"after": "3h", "target": group_target(team(project, cleo))}
    question = ask(api, user(ann), escalation=[*escalate_to(ben, after="1h"), later])

    for hours, who in ((1, ben), (2, cleo)):
        assert answer(who, question, "no").status_code == 403
        wait(time_, hours=hours)
        assert answer(who, question, "no").status_code == 400

    told = lines(question["run_id"], "interaction.escalated")
    assert [line["targets"] for line in told] == [[ben.id], [cleo.id]]


def test_a_question_may_begin_by_asking_nobody_and_escalate(
    api: Api, project: Project, crew: Crew, time_: FrozenClock
) -> None:
    empty = group_target(team(project))
    question = ask(api, empty, escalation=escalate_to(crew[0]))
    wait(time_, hours=2)

    assert answer(crew[0], question).status_code == 200
    assert next_step(project)["responder"] == crew[0].id


def test_an_escalation_that_reaches_nobody_new_says_so(
    api: Api, crew: Crew, time_: FrozenClock
) -> None:
    question = ask(api, user(crew[0]), escalation=escalate_to(crew[0]))

    wait(time_, hours=2)

    (line,) = lines(question["run_id"], "interaction.escalated")
    assert line["problem"] == "nobody else can be asked"


def test_nothing_escalates_once_it_is_over(
    api: Api, crew: Crew, time_: FrozenClock
) -> None:
    question = ask(api, user(crew[0]), escalation=escalate_to(crew[1]))
    answer(crew[0], question)

    wait(time_, hours=3)

    assert lines(question["run_id"], "interaction.escalated") == []
    users = [each["user_id"] for each in shown(api, question)["participants"]]
    assert users == [crew[0].id]
