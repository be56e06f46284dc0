"""Who may answer, with what, and what an answer sets in motion."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from apps.api.rendering import instant
from apps.identity.models import Principal, Project
from apps.interactions.models import Interaction, InteractionResponse
from apps.interactions.services.respond import respond_to_interaction
from apps.kernel import clock
from apps.kernel.errors import Conflict, Invalid, NotFound, PermissionDenied
from apps.source_events.models import SourceEvent
from tests.interactions.conftest import Ask, actor_of, options
from tests.support.factories import make_principal, make_project


def respond(row: Interaction, principal: Principal, value: Any = True) -> Interaction:
    return respond_to_interaction(
        row.project_id,
        row.id,
        actor=actor_of(principal),
        value=value,
        comment="Looks good.",
        now=clock.now(),
    )


def test_the_member_who_is_asked_answers(ask: Ask, rita: Principal) -> None:
    done = respond(ask(), rita)

    done.refresh_from_db()
    assert done.status == "completed"
    assert done.value is True
    assert done.comment == "Looks good."
    assert done.responder_id == rita.id
    assert done.completed_at == done.updated_at
    assert (done.responder_type, done.responder_id) == ("member", rita.id)


def test_the_answer_leaves_as_a_source_event_of_the_run(
    ask: Ask, rita: Principal
) -> None:
    row = respond(ask(), rita)

    fact = SourceEvent.objects.get()
    assert fact.event_type == "interaction.resolved"
    assert (fact.source_kind, fact.source_id) == ("interaction", row.id)
    assert (fact.run_id, fact.project_id) == ("run_1", row.project_id)
    assert fact.dispatched_at is None
    given = InteractionResponse.objects.get()
    assert fact.event == {
        "interaction_id": row.id,
        "task_id": 1,
        "signal_name": "get-approval",
        "response": {
            "interaction_id": row.id,
            "status": "completed",
            "value": True,
            "comment": "Looks good.",
            "responder": {"type": "member", "id": rita.id},
            "resolved_by": "any_of: the first of 1 asked",
            "responses": [
                {
                    "user_id": rita.id,
                    "value": True,
                    "comment": "Looks good.",
                    "responded_at": instant(given.responded_at),
                }
            ],
        },
    }
    assert fact.meta == {
        "event_type": "interaction.resolved",
        "interaction_id": row.id,
        "kind": "request_approval",
        "status": "completed",
        "responder_id": rita.id,
        "resolving_response_id": given.id,
    }


def test_a_service_that_may_answers_on_behalf_of_the_member(
    ask: Ask, robot: Principal
) -> None:
    done = respond(ask(), robot)

    assert done.status == "completed"
    assert (done.responder_type, done.responder_id) == ("agent", robot.id)
    given = InteractionResponse.objects.get()
    assert (given.principal_id, given.given_by) == (done.target_id, robot.id)


def test_a_question_to_nobody_can_still_be_answered_by_a_service(
    ask: Ask, robot: Principal
) -> None:
    assert respond(ask(target={"type": "user", "id": "ghost"}), robot).value is True


def test_a_person_who_is_not_asked_may_not_whatever_else_they_may(
    ask: Ask, paul: Principal
) -> None:
    row = ask()

    with pytest.raises(PermissionDenied):
        respond(row, paul)

    row.refresh_from_db()
    assert row.status == "pending"
    assert SourceEvent.objects.count() == 0


@pytest.mark.parametrize("role", ["Viewer", "Worker", None])
def test_a_service_without_the_permission_may_not(
    ask: Ask, project: Project, role: str | None
) -> None:
    with pytest.raises(PermissionDenied) as refused:
        respond(ask(), make_principal(project, role=role))

    assert refused.value.details["permission"] == "mobius.interaction.respond"


def test_another_project_s_interaction_does_not_exist(
    ask: Ask, rita: Principal
) -> None:
    row = ask()

    with pytest.raises(NotFound):
        respond_to_interaction(
            make_project("other").id,
            row.id,
            actor=actor_of(rita),
            value=True,
            now=clock.now(),
        )


def test_the_second_answer_is_a_conflict_and_changes_nothing(
    ask: Ask, rita: Principal, robot: Principal
) -> None:
    row = respond(ask(), rita)

    with pytest.raises(Conflict) as refused:
        respond(row, robot, value=False)

    assert refused.value.details["status"] == "completed"
    row.refresh_from_db()
    assert (row.value, row.responder_id) == (True, rita.id)
    assert SourceEvent.objects.count() == 1


@pytest.mark.parametrize("status", ["cancelled", "expired"])
def test_what_is_over_takes_no_answer(ask: Ask, rita: Principal, status: str) -> None:
    row = ask()
    Interaction.objects.filter(pk=row.pk).update(status=status)

    with pytest.raises(Conflict) as refused:
        respond(row, rita)

    assert refused.value.details["status"] == status


def test_past_its_time_a_pending_question_takes_no_answer(
    ask: Ask, rita: Principal
) -> None:
    row = ask(expires_at=clock.now() - timedelta(microseconds=1))

    with pytest.raises(Conflict) as refused:
        respond(row, rita)

    assert refused.value.details["status"] == "expired"


CHOICES = options("red", "green", "blue")


@pytest.mark.parametrize(
    ("type_", "spec", "good", "bad", "expected"),
    [
        ("approval", None, [True, False], [None, "yes", 1, [True]], "true or false"),
        (
            "review",
            {"mode": "select", "options": CHOICES},
            ["red"],
            ["Red", "", None, ["red"], True],
            "expected one of red, green, blue",
        ),
        (
            "input",
            {"mode": "multi_select", "options": CHOICES},
            [[], ["blue", "red"]],
            ["red", ["pink"], ["red", "red"], [["red"]], None, {}],
            "expected a list",
        ),
        ("input", None, ["", "text", "7"], [7, None, True, {}], "expected a string"),
        ("input", {"mode": "input"}, ["x"], ["x" * 100_001], "at most 100000"),
        ("input", {"mode": "input"}, ["x"], ["a\x00b"], "NUL"),
        ("review", None, ["fine"], [True, 3], "expected a string"),
    ],
)
def test_a_value_fits_the_mode_or_is_refused_by_name(
    ask: Ask,
    rita: Principal,
    type_: str,
    spec: dict[str, Any] | None,
    good: list[Any],
    bad: list[Any],
    expected: str,
) -> None:
    asked = {"type": type_} | ({"spec": spec} if spec else {})
    row = ask(**asked)
    for value in bad:
        with pytest.raises(Invalid) as refused:
            respond(row, rita, value)
        assert refused.value.details["path"] == "value"
        assert expected in refused.value.message

    for task, value in enumerate(good, start=10):
        assert respond(ask(task_id=task, **asked), rita, value).value == value


def test_a_long_list_of_choices_is_not_repeated_whole(
    ask: Ask, rita: Principal
) -> None:
    many = options(*(f"choice-{n}" for n in range(200)))

    with pytest.raises(Invalid) as refused:
        respond(ask(type="review", spec={"mode": "select", "options": many}), rita, "x")

    assert refused.value.message.endswith("choice-19, …")


@pytest.mark.parametrize("kind", ["service", "agent"])
def test_any_principal_answers_what_it_is_itself_asked(
    ask: Ask, project: Project, kind: str
) -> None:
    asked = make_principal(project, kind=kind)
    row = ask(target={"type": "user", "id": asked.id})

    done = respond(row, asked)
    assert (done.responder_type, done.responder_id) == ("agent", asked.id)


def test_nothing_is_written_when_the_event_cannot_be(
    ask: Ask, rita: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ask()

    def broken(*args: Any, **options: Any) -> None:
        raise RuntimeError("outbox")

    where = "apps.interactions.services.finish.append_source_events"
    monkeypatch.setattr(where, broken)
    answer: Callable[[], Any] = lambda: respond(row, rita)  # noqa: E731
    with pytest.raises(RuntimeError):
        answer()

    row.refresh_from_db()
    assert row.status == "pending"
