"""Appending: who is told, once by key, in one statement."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.identity.models import Project
from apps.source_events.models import ListenerSource, SourceEvent
from apps.source_events.services.append import Fact, append_facts
from apps.source_events.services.append_public import append_public
from apps.source_events.services.listeners import NewListener, add_listeners
from tests.support.drive import dispatch_all
from tests.support.frozen import NOON

pytestmark = pytest.mark.django_db

CUSTOM = "custom.order.paid"


def append(project_id: str, event_type: str = CUSTOM, **more: Any) -> SourceEvent:
    fact = Fact(project_id, event_type, "custom", **{"settled": None, **more})
    return SourceEvent.objects.get(id=append_facts([fact], now=NOON)[0].id)


def listen(project_id: str, pattern: str, source_id: str = "") -> None:
    new = NewListener(project_id, pattern, ListenerSource.TRIGGER, "trg_1", source_id)
    add_listeners([new])


def test_what_nobody_listens_for_is_never_dispatched(project: Project) -> None:
    listen(project.id, "custom.order.refunded")
    listen("prj_other", CUSTOM)

    assert append(project.id).dispatched_at == NOON
    assert dispatch_all(NOON) == 0


@pytest.mark.parametrize("pattern", [CUSTOM, "custom.order.*", "custom.*"])
def test_what_somebody_listens_for_is_dispatched(
    project: Project, pattern: str
) -> None:
    listen(project.id, pattern)

    assert append(project.id).dispatched_at is None
    assert dispatch_all(NOON) == 1


def test_who_listens_to_one_source_is_not_told_of_others(project: Project) -> None:
    listen(project.id, CUSTOM, source_id="order_1")

    assert append(project.id, source_id="order_1").dispatched_at is None
    assert append(project.id, source_id="order_2").dispatched_at == NOON
    assert append(project.id).dispatched_at == NOON


@pytest.mark.parametrize(
    ("settled", "dispatched_at"), [(True, NOON), (False, None), (None, None)]
)
def test_a_fact_that_knows_whether_it_is_settled_asks_nobody(
    project: Project, settled: bool | None, dispatched_at: object
) -> None:
    listen(project.id, CUSTOM)

    assert append(project.id, settled=settled).dispatched_at == dispatched_at


def test_internal_facts_are_not_public_and_reach_no_listener(project: Project) -> None:
    listen(project.id, "run.*")

    event = append(project.id, "run.resume")
    assert (event.public, event.dispatched_at) == (False, NOON)
    assert append(project.id, "run.completed").public


def test_of_facts_with_one_key_the_first_is_kept(project: Project) -> None:
    facts = [
        Fact(project.id, CUSTOM, "custom", dedup_key=key, source_id=str(number))
        for number, key in enumerate(["a", "", "a", "b", ""])
    ]
    first = append_facts(facts, now=NOON)
    again = append_facts(facts, now=NOON + timedelta(days=9))

    assert [one.deduped for one in first] == [False, False, True, False, False]
    assert first[2].id == first[0].id
    assert [one.deduped for one in again] == [True, False, True, True, False]
    assert [again[at].id for at in (0, 2, 3)] == [
        first[0].id,
        first[0].id,
        first[3].id,
    ]
    assert SourceEvent.objects.count() == 6


def test_a_key_counts_within_its_project(project: Project) -> None:
    facts = [
        Fact(id_, CUSTOM, "custom", dedup_key="a") for id_ in (project.id, "prj_other")
    ]
    assert not any(one.deduped for one in append_facts(facts, now=NOON))


def test_the_type_in_meta_is_the_type(project: Project) -> None:
    event = append(project.id, meta={"event_type": "run.completed", "shop": "north"})
    assert event.meta == {"event_type": CUSTOM, "shop": "north"}


def test_how_deep_an_event_lies_is_kept(project: Project) -> None:
    assert append(project.id).depth == 0
    assert append(project.id, depth=3).depth == 3


def test_many_facts_are_one_insert_after_the_transaction_has_its_number(
    project: Project,
) -> None:
    listen(project.id, CUSTOM)
    facts = [
        Fact(project.id, CUSTOM, "custom", settled=settled)
        for settled in (None, True, False)
    ]
    keyed = [Fact(project.id, CUSTOM, "custom", dedup_key=key) for key in "ab"]
    with CaptureQueriesContext(connection) as asked:
        append_facts(facts, now=NOON)
        append_facts(keyed, now=NOON)
        append_facts([], now=NOON)
    number, *inserts = [query["sql"].strip() for query in asked]
    assert number == "SELECT pg_current_xact_id()"
    assert [sql.partition(" ")[0] for sql in inserts] == ["INSERT", "INSERT"]


ROW: Mapping[str, Any] = {"table_id": "tbl_01", "row_id": "row_01"}


def test_a_row_of_the_catalogue_becomes_the_published_envelope(
    project: Project,
) -> None:
    appended = append_public(
        project.id,
        "table.row.inserted",
        source_id="tbl_01",
        event=ROW,
        meta={"table_name": "orders", **ROW},
        depth=2,
        dedup_key="table:row_01:1",
        now=NOON,
    )

    event = SourceEvent.objects.get(id=appended.id)
    assert (event.event_type, event.source_kind) == ("table.row.inserted", "table_row")
    assert (event.source_id, event.event) == ("tbl_01", ROW)
    assert event.meta == {
        "event_type": "table.row.inserted",
        "table_name": "orders",
        **ROW,
    }
    assert (event.depth, event.public, event.run_id) == (2, True, "")


@pytest.mark.parametrize(
    ("event_type", "event", "meta", "told"),
    [
        ("run.resume", {}, {}, "no public event type"),
        ("nothing.here", {}, {}, "no public event type"),
        ("table.row.updated", ROW, ROW, "lacks meta.table_name"),
        ("table.row.updated", {}, {"table_name": "t", **ROW}, "lacks event.table_id"),
        (
            "email.received",
            {"agent_id": "a"},
            {"agent_id": "a", "colour": "red"},
            "no meta field colour",
        ),
    ],
)
def test_what_the_catalogue_does_not_promise_is_not_appended(
    project: Project,
    event_type: str,
    event: Mapping[str, Any],
    meta: Mapping[str, Any],
    told: str,
) -> None:
    with pytest.raises(ValueError, match=told):
        append_public(
            project.id, event_type, source_id="x", event=event, meta=meta, now=NOON
        )
    assert not SourceEvent.objects.exists()


def test_integrations_choose_their_routing_fields(project: Project) -> None:
    for meta in ({}, {"repository": "mobius"}):
        append_public(
            project.id,
            "github.pull_request.opened",
            source_id="intg_01",
            event={"number": 7},
            meta=meta,
            now=NOON,
        )
    kinds = SourceEvent.objects.values_list("source_kind", flat=True)
    assert list(kinds) == ["integration", "integration"]
