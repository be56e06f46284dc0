"""Definitions under real threads and real commits."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from apps.identity.models import Project
from apps.kernel import clock
from apps.kernel.errors import Conflict, NotFound
from apps.workflows.models import Workflow, WorkflowVersion
from apps.workflows.services.create import NewWorkflow, create_workflow
from apps.workflows.services.delete import delete_workflow
from apps.workflows.services.update import Changes, update_workflow
from tests.support.factories import make_project
from tests.workflows.conftest import spec_of

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

THREADS = 6

Outcomes = list[object]
AtOnce = Callable[[Callable[[int], object]], Outcomes]


@pytest.fixture
def acme() -> Project:
    """A committed project."""
    return make_project("acme")


@pytest.fixture
def at_once() -> Iterator[AtOnce]:
    """Calls something in every thread at the same moment; returns answers or errors."""
    barrier = Barrier(THREADS)

    def one(act: Callable[[int], object], number: int) -> object:
        try:
            barrier.wait(timeout=30)
            return act(number)
        except (Conflict, NotFound) as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        yield lambda act: list(pool.map(lambda n: one(act, n), range(THREADS)))


def create(project: Project, name: str, handle: str = "") -> Workflow:
    return create_workflow(
        project.id,
        project.organization_id,
        NewWorkflow(name, spec_of("a"), handle),
        created_by="prin_1",
        now=clock.now(),
    )


def test_of_many_creations_with_one_name_one_succeeds_and_the_rest_are_conflicts(
    acme: Project, at_once: AtOnce
) -> None:
    outcomes = at_once(lambda number: create(acme, "Ingest"))

    conflicts = [found for found in outcomes if isinstance(found, Conflict)]
    assert len(conflicts) == THREADS - 1
    assert {refused.details["path"] for refused in conflicts} == {"name"}
    assert Workflow.objects.count() == WorkflowVersion.objects.count() == 1


def test_names_that_make_one_handle_get_numbers_without_a_gap(
    acme: Project, at_once: AtOnce
) -> None:
    outcomes = at_once(lambda number: create(acme, f"Ingest{'!' * number}"))

    handles = {found.handle for found in outcomes if isinstance(found, Workflow)}
    numbered = {f"ingest-{number}" for number in range(2, THREADS + 1)}
    assert handles == {"ingest"} | numbered


def test_of_many_creations_with_one_explicit_handle_one_succeeds(
    acme: Project, at_once: AtOnce
) -> None:
    outcomes = at_once(lambda number: create(acme, f"w{number}", "ingest"))

    conflicts = [found for found in outcomes if isinstance(found, Conflict)]
    assert len(conflicts) == THREADS - 1
    assert {refused.details["path"] for refused in conflicts} == {"handle"}


def test_updates_at_once_make_gapless_versions(acme: Project, at_once: AtOnce) -> None:
    made = create(acme, "Ingest")

    def update(number: int) -> Workflow:
        changes = Changes(spec=spec_of(f"action-{number}"))
        return update_workflow(
            acme.id, made.id, changes, changed_by="prin_1", now=clock.now()
        )

    outcomes = at_once(update)

    versions = {
        found.latest_version for found in outcomes if isinstance(found, Workflow)
    }
    assert versions == set(range(2, THREADS + 2))
    assert made.versions.count() == THREADS + 1
    made.refresh_from_db()
    assert made.latest_version == THREADS + 1


def test_one_of_many_updates_that_expect_the_same_version_wins(
    acme: Project, at_once: AtOnce
) -> None:
    made = create(acme, "Ingest")

    def update(number: int) -> Workflow:
        changes = Changes(spec=spec_of(f"action-{number}"), expected_version=1)
        return update_workflow(
            acme.id, made.id, changes, changed_by="prin_1", now=clock.now()
        )

    outcomes = at_once(update)

    assert sum(isinstance(found, Conflict) for found in outcomes) == THREADS - 1
    assert made.versions.count() == 2


def test_a_rename_to_a_name_that_is_being_taken_is_a_conflict(
    acme: Project, at_once: AtOnce
) -> None:
    rows = [create(acme, f"w{number}") for number in range(THREADS)]

    def rename(number: int) -> Workflow:
        return update_workflow(
            acme.id,
            rows[number].id,
            Changes(name="the one"),
            changed_by="prin_1",
            now=clock.now(),
        )

    outcomes = at_once(rename)

    assert sum(isinstance(found, Conflict) for found in outcomes) == THREADS - 1
    assert Workflow.objects.filter(name="the one").count() == 1


def test_a_workflow_is_deleted_once_and_updates_find_it_or_do_not(
    acme: Project, at_once: AtOnce
) -> None:
    made = create(acme, "Ingest")

    def act(number: int) -> object:
        if number % 2:
            return delete_workflow(acme.id, made.id)
        changes = Changes(spec=spec_of(f"action-{number}"))
        return update_workflow(
            acme.id, made.id, changes, changed_by="prin_1", now=clock.now()
        )

    outcomes = at_once(act)

    assert outcomes.count(None) == 1
    assert not any(isinstance(found, Conflict) for found in outcomes)
    assert Workflow.objects.count() == WorkflowVersion.objects.count() == 0
