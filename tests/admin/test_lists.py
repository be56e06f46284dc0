"""Lists that stay quick: no counting, whole words, bounded time and queries."""

from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.api.models import IdempotencyRecord
from apps.interactions.models import Interaction
from apps.jobs.models import Job, Worker
from apps.kernel import admin_lists
from apps.kernel.ids import IdKind, first_id, minted_at, new_id
from apps.run_events.models import RunEvent, RunStream
from apps.runs.models import Run, RunSignal, Wait
from apps.source_events.models import SourceEvent
from tests.admin.conftest import World, list_of, start
from tests.support.api import Api
from tests.support.specs import action, spec

HOT = [
    *(Run, Wait, RunSignal, Job, RunEvent, RunStream, SourceEvent),
    *(Interaction, IdempotencyRecord),
]


def found(page: Any) -> set[str]:
    return {row.pk for row in page.context["cl"].result_list}


def test_the_run_list_asks_as_much_for_many_rows_as_for_few(
    world: World, chief: Client, api: Api
) -> None:
    chief.get(list_of(Run))
    with CaptureQueriesContext(
        connection,
    ) as few:
        before = chief.get(list_of(Run))
    for _ in range(12):
        start(api, spec(action("more")))
    with CaptureQueriesContext(connection) as many:
        after = chief.get(list_of(Run))

    assert len(found(after)) == len(found(before)) + 12
    assert len(many) == len(few)
    assert len(few) < 15


@pytest.mark.parametrize("model", HOT, ids=lambda model: model.__name__)
def test_hot_lists_neither_count_nor_look_for_distinct_values(
    world: World, chief: Client, model: Any
) -> None:
    table = f'"{model._meta.db_table}"'
    with CaptureQueriesContext(connection) as asked:
        assert chief.get(list_of(model)).status_code == 200

    of_rows = [query["sql"] for query in asked if table in query["sql"]]
    assert len(of_rows) == 1
    assert "COUNT(" not in of_rows[0]
    assert "DISTINCT" not in of_rows[0]
    assert "LIMIT" in of_rows[0]


@pytest.mark.parametrize("model", HOT, ids=lambda model: model.__name__)
def test_hot_lists_search_one_column_for_the_whole_word(
    world: World, chief: Client, model: Any
) -> None:
    for word in (world.completed, "anything"):
        with CaptureQueriesContext(connection) as asked:
            chief.get(list_of(model, q=word))
        for query in asked:
            assert "LIKE" not in query["sql"].upper()


def test_a_run_is_found_by_its_ids(world: World, chief: Client, api: Api) -> None:
    named = start(api, spec(action("x")), external_id="order-77")

    assert found(chief.get(list_of(Run, q=world.failed))) == {world.failed}
    assert found(chief.get(list_of(Run, q=" order-77 "))) == {named}
    assert found(chief.get(list_of(Run, q="order"))) == set()


def test_what_belongs_to_a_run_is_found_by_the_runs_id(
    world: World, chief: Client
) -> None:
    for model in (Job, Wait, RunSignal, RunEvent, SourceEvent, Interaction):
        for run_id in (world.completed, world.paused, world.asking):
            listed = chief.get(list_of(model, q=run_id))
            expected = model.objects.filter(run_id=run_id).values_list("pk", flat=True)
            assert found(listed) == set(expected)


def test_filters_narrow_a_list(world: World, chief: Client) -> None:
    assert found(chief.get(list_of(Run, status="failed"))) == {world.failed}
    assert found(chief.get(list_of(Run, queue="nobody"))) == set()
    assert found(chief.get(list_of(Job, status="claimed"))) == {world.held_job}
    assert found(chief.get(list_of(Job, worker_id="w1", action="do.slow"))) == {
        world.held_job
    }
    failing = chief.get(list_of(SourceEvent, state="failing"))
    assert found(failing) == {world.failing_event}
    assert found(chief.get(list_of(Worker, presence="gone"))) == set()
    assert len(found(chief.get(list_of(Worker, presence="online")))) == 1
    paused = chief.get(list_of(Wait, state="open", kind="pause"))
    assert len(found(paused)) == 1


def test_the_filter_by_age_goes_along_the_primary_key(
    world: World, chief: Client
) -> None:
    old = "run_00000000000000000000000000"
    Run.objects.filter(id=world.failed).update(id=old)

    recent = found(chief.get(list_of(Run, age="hour")))

    assert world.completed in recent
    assert old not in recent
    assert old in found(chief.get(list_of(Run)))


def test_ids_know_when_they_were_made() -> None:
    made = new_id(IdKind.RUN)
    at = minted_at(made)

    assert at is not None
    assert first_id(IdKind.RUN, at) <= made
    assert minted_at("order-77") is None


def test_a_list_that_takes_too_long_is_given_up_and_says_so(
    world: World, chief: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin_lists, "PATIENCE_MS", 50)
    slow = Run.objects.extra(where=["pg_sleep(5) IS NOT NULL"])
    assert admin_lists.fetch_in_time(slow) is False

    monkeypatch.setattr(admin_lists, "fetch_in_time", lambda rows: False)
    page = chief.get(list_of(Run))

    assert page.status_code == 200
    assert found(page) == set()
    assert "takes too long" in page.content.decode()


def test_pages_go_on_without_a_count(
    world: World, chief: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin.site._registry[Run], "list_per_page", 2)
    first = found(chief.get(list_of(Run)))
    second = found(chief.get(list_of(Run, p=2)))
    beyond = chief.get(list_of(Run, p=99))

    assert len(first) == len(second) == 2
    assert min(first) > max(second)
    assert (beyond.status_code, found(beyond)) == (200, set())
