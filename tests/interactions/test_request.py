"""What runs ask, and how questions end without an answer."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from apps.identity.models import Principal, Project
from apps.interactions.models import Interaction, InteractionStatus
from apps.interactions.services.cancel import cancel_interactions
from apps.interactions.services.expire import expire_interactions, expire_overdue
from apps.interactions.services.request import request_interactions
from apps.interactions.services.respond import respond_to_interaction
from apps.interactions.tasks import expire
from apps.kernel import clock
from tests.interactions.conftest import Ask, actor_of, new_interaction
from tests.support.frozen import NOON


def statuses() -> dict[int | None, str]:
    return dict(Interaction.objects.values_list("task_id", "status"))


def test_a_request_becomes_a_pending_interaction(
    project: Project, rita: Principal
) -> None:
    request = new_interaction(
        project, rita.id, context={"pages": 3}, spec={"mode": "confirm"}
    )

    request_interactions([request], now=NOON)

    row = Interaction.objects.get()
    assert (row.id, row.status) == (request.id, "pending")
    assert (row.run_id, row.task_id) == ("run_1", 1)
    assert (row.type, row.message) == ("approval", "Approve?")
    assert (row.target_type, row.target_id) == ("user", rita.id)
    assert row.context == {"pages": 3}
    assert row.spec == {"mode": "confirm"}
    assert row.signal_name == "get-approval"
    assert row.expires_at == request.expires_at
    assert row.created_at == row.updated_at == NOON


def test_asking_twice_for_one_task_asks_once(project: Project, rita: Principal) -> None:
    first, again, other = (
        new_interaction(project, rita.id, task_id=task) for task in (1, 1, 2)
    )

    request_interactions([first], now=NOON)
    request_interactions([again, other], now=NOON)

    assert set(Interaction.objects.values_list("id", flat=True)) == {first.id, other.id}


@pytest.mark.parametrize(
    ("type_", "mode"),
    [("approval", "confirm"), ("review", "select"), ("input", "input")],
)
def test_without_a_spec_the_type_decides_how_it_is_answered(
    ask: Ask, type_: str, mode: str
) -> None:
    assert ask(type=type_).spec == {"mode": mode}


def test_what_templates_made_of_the_texts_is_stored_as_text(ask: Ask) -> None:
    row = ask(
        message=42,
        target={"type": "user", "id": 7},
        type="review",
        spec={"mode": "select", "options": [{"value": 1, "label": True}]},
    )

    assert row.message == "42"
    assert row.target_id == "7"
    assert row.spec == {"mode": "select", "options": [{"value": "1", "label": "true"}]}


@pytest.mark.parametrize("id_", ["nobody", "", None, "x" * 500])
def test_a_target_nobody_knows_does_not_stop_the_run(ask: Ask, id_: str | None) -> None:
    row = ask(target={"type": "user", "id": id_})

    assert row.status == "pending"
    assert row.target_id == (id_ or "")[:128]


def test_cancelling_runs_ends_what_is_pending_of_them(
    project: Project, rita: Principal
) -> None:
    requests = [
        new_interaction(project, rita.id, run_id=run_id, task_id=task)
        for run_id, task in (("run_1", 1), ("run_1", 2), ("run_2", 3), ("run_2", 4))
    ]
    request_interactions(requests, now=NOON)
    respond_to_interaction(
        project.id, requests[0].id, actor=actor_of(rita), value=True, now=NOON
    )

    cancel_interactions(["run_1"], tasks=[("run_2", 3)], now=NOON + timedelta(1))

    assert statuses() == {1: "completed", 2: "cancelled", 3: "cancelled", 4: "pending"}
    assert Interaction.objects.get(task_id=2).updated_at == NOON + timedelta(1)


def test_cancelling_nothing_cancels_nothing(ask: Ask) -> None:
    ask()

    cancel_interactions([], now=NOON)
    expire_interactions([], now=NOON)

    assert statuses() == {1: "pending"}


def test_a_wait_that_times_out_expires_its_interaction(
    project: Project, rita: Principal
) -> None:
    requests = [new_interaction(project, rita.id, task_id=task) for task in (1, 2)]
    request_interactions(requests, now=NOON)

    expire_interactions([("run_1", 1), ("run_9", 2)], now=NOON)

    assert statuses() == {1: "expired", 2: "pending"}


@pytest.mark.parametrize(
    "end",
    [
        lambda: cancel_interactions(["run_1"], now=NOON),
        lambda: expire_interactions([("run_1", 1)], now=NOON),
        lambda: expire_overdue(now=NOON + timedelta(days=9999)),
    ],
)
def test_an_answer_cannot_be_taken_back(
    ask: Ask, project: Project, rita: Principal, end: Callable[[], Any]
) -> None:
    row = ask()
    respond_to_interaction(
        project.id, row.id, actor=actor_of(rita), value=False, now=NOON
    )

    end()

    row.refresh_from_db()
    assert row.status == InteractionStatus.COMPLETED
    assert row.value is False


def test_the_sweep_writes_down_what_readers_saw_already(
    project: Project, rita: Principal
) -> None:
    due = [
        new_interaction(project, rita.id, task_id=n, expires_at=NOON + timedelta(n))
        for n in (1, 2)
    ]
    request_interactions(due, now=NOON)

    assert expire_overdue(now=NOON + timedelta(1)) == 1
    assert expire_overdue(now=NOON + timedelta(1)) == 0
    assert statuses() == {1: "expired", 2: "pending"}


def test_the_clock_s_task_sweeps(project: Project, rita: Principal) -> None:
    past = clock.now() - timedelta(seconds=1)
    request_interactions([new_interaction(project, rita.id, expires_at=past)], now=past)

    assert expire.run() == 1
    assert statuses() == {1: "expired"}
