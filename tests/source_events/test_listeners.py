"""Who listens for which events: found by the names an event could be called."""

from dataclasses import dataclass

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.source_events.catalog import pattern_matches
from apps.source_events.models import Listener, ListenerSource
from apps.source_events.services.append import Fact, append_facts
from apps.source_events.services.listeners import (
    NewListener,
    add_listeners,
    remove_listeners,
    triggers_for,
)
from tests.support.frozen import NOON

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Event:
    id: str
    event_type: str
    project_id: str = "prj_a"
    source_id: str = ""


def listen(pattern: str, ref: str, source_id: str = "", project: str = "prj_a") -> None:
    add_listeners(
        [NewListener(project, pattern, ListenerSource.TRIGGER, ref, source_id)]
    )


def heard(event: Event) -> list[str]:
    return triggers_for([event]).get(event.id, [])


def test_one_query_finds_the_triggers_that_hear_a_batch() -> None:
    listen("custom.paid", "trg_exact")
    listen("custom.*", "trg_wide")
    listen("run.completed", "trg_runs")
    add_listeners([NewListener("prj_a", "custom.paid", ListenerSource.WAIT, "wait_1")])
    events = [
        Event("sevt_1", "custom.paid"),
        Event("sevt_2", "custom.refunded"),
        Event("sevt_3", "run.failed"),
        Event("sevt_4", "run.completed"),
        Event("sevt_5", "run.resume"),
    ]
    with CaptureQueriesContext(connection) as asked:
        found = triggers_for(events)

    assert len(asked) == 1
    assert found == {
        "sevt_1": ["trg_exact", "trg_wide"],
        "sevt_2": ["trg_wide"],
        "sevt_4": ["trg_runs"],
    }


def test_a_batch_of_internal_events_asks_nothing() -> None:
    with CaptureQueriesContext(connection) as asked:
        assert triggers_for([Event("sevt_1", "run.resume")]) == {}
        assert triggers_for([]) == {}
    assert len(asked) == 0


def test_other_projects_and_other_sources_do_not_hear() -> None:
    listen("custom.paid", "trg_mine", source_id="order_1")
    listen("custom.paid", "trg_theirs", project="prj_b")

    assert heard(Event("sevt_1", "custom.paid", source_id="order_1")) == ["trg_mine"]
    assert heard(Event("sevt_1", "custom.paid", source_id="order_2")) == []
    assert heard(Event("sevt_1", "custom.paid", project_id="prj_b")) == ["trg_theirs"]


def test_who_listens_with_two_patterns_hears_an_event_once() -> None:
    listen("custom.paid", "trg_1")
    listen("custom.*", "trg_1")
    listen("custom.*", "trg_1", source_id="order_1")

    assert heard(Event("sevt_1", "custom.paid", source_id="order_1")) == ["trg_1"]


def test_listening_twice_is_listening_once_and_ends_at_once() -> None:
    listen("custom.paid", "trg_1")
    listen("custom.paid", "trg_1")
    listen("custom.paid", "trg_2")
    add_listeners([])
    assert Listener.objects.count() == 2

    remove_listeners([])
    remove_listeners(["trg_1", "trg_unknown"])
    assert heard(Event("sevt_1", "custom.paid")) == ["trg_2"]


NAMES = st.builds(
    lambda first, rest: ".".join([first, *rest]),
    st.sampled_from(["custom", "signal", "run", "github"]),
    st.lists(st.sampled_from(["a", "b", "completed", "resume"]), max_size=3),
)
PATTERNS = NAMES | st.builds("{}.*".format, NAMES)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PATTERNS, max_size=12), st.lists(NAMES, min_size=1, max_size=8))
def test_the_query_finds_exactly_what_the_rule_says(
    patterns: list[str], names: list[str]
) -> None:
    Listener.objects.all().delete()
    for number, pattern in enumerate(patterns):
        listen(pattern, f"trg_{number:02}")
    events = [Event(f"sevt_{number}", name) for number, name in enumerate(names)]

    expected = {
        event.id: refs
        for event in events
        if (
            refs := [
                f"trg_{number:02}"
                for number, pattern in enumerate(patterns)
                if pattern_matches(pattern, event.event_type)
            ]
        )
    }
    assert triggers_for(events) == expected


def plan_of(statement: str) -> str:
    """How PostgreSQL carries out a statement."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE source_events_listener")
        cursor.execute(f"EXPLAIN {statement}")
        return "\n".join(line for (line,) in cursor.fetchall())


def test_neither_telling_nor_finding_listeners_reads_those_of_other_types() -> None:
    add_listeners(
        NewListener(
            "prj_a", f"custom.n{number}", ListenerSource.TRIGGER, f"trg_{number}"
        )
        for number in range(5000)
    )
    with CaptureQueriesContext(connection) as asked:
        triggers_for([Event("sevt_1", "custom.n42")])
        append_facts([Fact("prj_a", "custom.n42", "custom", settled=None)], now=NOON)

    statements = [query["sql"] for query in asked if "listener" in query["sql"]]
    assert len(statements) == 2
    for statement in statements:
        plan = plan_of(statement)
        looked_up = plan.partition("using listener_o")[2].partition("Index Cond")[2]
        assert "pattern" in looked_up, plan
        assert "Seq Scan" not in plan
