"""Answers at the same moment: real threads, real commits."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from apps.identity.models import Project
from apps.interactions.models import Interaction
from apps.interactions.services.cancel import cancel_interactions
from apps.interactions.services.expire import expire_interactions, expire_overdue
from apps.interactions.services.request import request_interactions
from apps.interactions.services.respond import respond_to_interaction
from apps.kernel import clock
from apps.kernel.errors import Conflict
from apps.source_events.models import SourceEvent
from tests.interactions.conftest import actor_of, new_interaction
from tests.support.factories import make_principal, make_project

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

THREADS = 6


def at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    """Do everything at the same moment; return answers and refusals."""
    barrier = Barrier(len(acts))

    def one(act: Callable[[], Any]) -> Any:
        try:
            barrier.wait(timeout=30)
            return act()
        except Conflict as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


@pytest.fixture
def acme() -> Project:
    """A committed project."""
    return make_project("acme")


@pytest.fixture
def answer(acme: Project) -> Callable[[str, Any], Callable[[], Interaction]]:
    """Makes an act that answers an interaction for its member."""
    actor = actor_of(make_principal(acme, role="Operator"))

    def prepared(interaction_id: str, value: Any) -> Callable[[], Interaction]:
        return lambda: respond_to_interaction(
            acme.id, interaction_id, actor=actor, value=value, now=clock.now()
        )

    return prepared


def test_of_many_answers_at_once_one_counts_and_the_rest_are_conflicts(
    acme: Project, answer: Any
) -> None:
    request = new_interaction(acme, "ghost", type="input")
    request_interactions([request], now=clock.now())

    outcomes = at_once([answer(request.id, f"v{n}") for n in range(THREADS)])

    (winner,) = (found for found in outcomes if isinstance(found, Interaction))
    assert sum(isinstance(found, Conflict) for found in outcomes) == THREADS - 1
    assert Interaction.objects.get().value == winner.value
    assert SourceEvent.objects.get().event["response"]["value"] == winner.value


@pytest.mark.parametrize("end", ["cancel", "expire"])
def test_an_answer_against_the_end_of_the_wait_leaves_one_truth(
    acme: Project, answer: Any, end: str
) -> None:
    for turn in range(10):
        run_id = f"run_{turn}"
        request = new_interaction(acme, "ghost", run_id=run_id)
        request_interactions([request], now=clock.now())

        def finish(run_id: str = run_id) -> None:
            if end == "cancel":
                cancel_interactions([run_id], now=clock.now())
            else:
                expire_interactions([(run_id, 1)], now=clock.now())

        first, _ = at_once([answer(request.id, True), finish])

        status = Interaction.objects.get(run_id=run_id).status
        told = SourceEvent.objects.filter(run_id=run_id).count()
        if isinstance(first, Conflict):
            assert (status, told) == (f"{end}led" if end == "cancel" else "expired", 0)
        else:
            assert (status, told) == ("completed", 1)


def test_two_sweeps_and_a_repeated_request_at_once_are_harmless(
    acme: Project,
) -> None:
    past = clock.now() - timedelta(seconds=1)
    requests = [
        new_interaction(acme, "ghost", task_id=task, expires_at=past)
        for task in range(20)
    ]
    request_interactions(requests, now=past)
    again = [
        new_interaction(acme, "ghost", task_id=task, expires_at=past)
        for task in range(20)
    ]

    def ask_again() -> None:
        request_interactions(again, now=clock.now())

    def sweep() -> int:
        return expire_overdue(now=clock.now())

    first, second, _ = at_once([sweep, sweep, ask_again])

    assert first + second + sweep() == 20
    assert set(Interaction.objects.values_list("status", flat=True)) == {"expired"}
    assert Interaction.objects.count() == 20
