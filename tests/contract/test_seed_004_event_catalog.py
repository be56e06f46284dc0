"""The event catalog: the envelope and the twelve public source events, row by row."""

from typing import Any

import pytest

from apps.identity.models import Project
from tests.contract.authoring import ask_for, define, trigger_on
from tests.contract.event_tables import PUBLIC, WAITABLE_ONLY, Row
from tests.contract.happenings import NAMED, happen, ok, seen
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.specs import spec

ENVELOPE = ("event_type", "source_kind", "source_id", "event", "meta")
rows = pytest.mark.parametrize("row", PUBLIC, ids=lambda row: row.event)
triggerable = pytest.mark.parametrize(
    "row", [row for row in PUBLIC if row.triggerable], ids=lambda row: row.event
)


def catalogue(api: Api) -> dict[str, dict[str, Any]]:
    """What ``GET catalog/events`` says of each event type."""
    sources = ok(api.get("catalog/events"), 200)["items"]
    return {each["name"]: each for source in sources for each in source["event_types"]}


def wait(event_type: str, **more: Any) -> dict[str, Any]:
    return {"name": "heard", "wait_for_event": {"event_type": event_type, **more}}


def waiting(api: Api, row: Row) -> str:
    """A run that waits for an event of this type."""
    run = ok(api.post("runs", {"spec": spec(wait(NAMED[row.event]))}))["id"]
    dispatch_all()
    return str(run)


@rows
def test_the_catalogue_says_what_the_table_says(api: Api, row: Row) -> None:
    shown = catalogue(api)[row.event]

    assert shown["source_kind"] == row.kind
    assert (shown["triggerable"], shown["waitable"]) == (row.triggerable, True)
    assert shown["description"] == row.when
    assert tuple(shown["meta_fields"]) == row.meta


@rows
def test_an_event_has_the_normalized_envelope(
    api: Api, project: Project, row: Row
) -> None:
    happen(api, project, row.event, waiting=waiting(api, row))

    shown = seen(api, row.event)

    assert [name for name in shown if name in ENVELOPE] == [*ENVELOPE]
    assert shown["event_type"] == NAMED[row.event]
    assert shown["source_kind"] == row.kind
    assert shown["source_id"]
    assert shown["meta"].keys() == {"event_type", *row.meta}
    assert shown["meta"]["event_type"] == NAMED[row.event]
    assert isinstance(shown["event"], dict)


def test_a_row_of_a_table_is_enveloped_as_in_the_example(
    api: Api, project: Project
) -> None:
    happen(api, project, "table.row.inserted")

    shown = seen(api, "table.row.inserted")

    assert shown["event"].keys() == {"table_id", "row_id"}
    assert shown["source_id"] == shown["event"]["table_id"] == shown["meta"]["table_id"]
    assert shown["event"]["row_id"] == shown["meta"]["row_id"]


@triggerable
def test_it_starts_a_run_with_event_and_meta_as_inputs(
    api: Api, project: Project, row: Row
) -> None:
    trigger = ok(trigger_on(api, row.event), 201)

    happen(api, project, row.event)

    event = seen(api, row.event)
    (run,) = ok(api.get(f"runs?trigger_id={trigger['id']}"), 200)["items"]
    shown = ok(api.get(f"runs/{run['id']}"), 200)
    assert shown["inputs"] == {"event": event["event"], "meta": event["meta"]}
    assert shown["source_event_id"] == event["id"]


@triggerable
@pytest.mark.parametrize("dialect", ["automation", "loop"])
def test_it_starts_automations_and_loops_by_the_triggers_in_them(
    api: Api, project: Project, row: Row, dialect: str
) -> None:
    definition = define(api, dialect, trigger={"event_type": row.event})

    happen(api, project, row.event)

    event = seen(api, row.event)
    listed = ok(api.get(f"runs?{dialect}_id={definition}"), 200)["items"]
    (run,) = listed
    shown = run["inputs"] if dialect == "automation" else run
    assert (shown["event"], shown["meta"]) == (event["event"], event["meta"])


@pytest.mark.parametrize("event", WAITABLE_ONLY)
@pytest.mark.parametrize("place", ["trigger", "automation", "loop"])
def test_an_answer_or_a_signal_starts_nothing(api: Api, event: str, place: str) -> None:
    for event_type in (NAMED[event], f"{event.partition('.')[0]}.*"):
        if place == "trigger":
            refused = trigger_on(api, event_type)
        else:
            refused = ask_for(api, place, trigger={"event_type": event_type})

        assert refused.status_code == 400
        assert "wait for it with a wait_for_event step" in refused.json()["message"]


@rows
def test_it_resumes_a_run_that_waits_for_it(
    api: Api, project: Project, row: Row
) -> None:
    run = waiting(api, row)
    assert ok(api.get(f"runs/{run}"), 200)["status"] == "suspended"

    happen(api, project, row.event, waiting=run)

    event = seen(api, row.event)
    shown = ok(api.get(f"runs/{run}"), 200)
    assert shown["status"] == "completed"
    for name in ("event_type", "source_id", "event", "meta"):
        assert shown["result"][name] == event[name]


@rows
@pytest.mark.parametrize("dialect", ["automation", "loop"])
def test_it_resumes_runs_of_automations_and_loops(
    api: Api, project: Project, row: Row, dialect: str
) -> None:
    config = {"event_type": NAMED[row.event]}
    definition = define(api, dialect, step={"kind": "wait_for_event", "config": config})
    path = "automations/heard/runs" if dialect == "automation" else None
    run = ok(api.post(path or f"loops/{definition}/runs"))["id"]
    dispatch_all()

    if row.event == "signal.<name>":
        sent = {"step_key": "heard", "result": {"n": 1}}
        ok(api.post(f"runs/{run}/signals", sent), 200)
    else:
        happen(api, project, row.event)

    shown = ok(api.get(f"runs/{run}"), 200)
    assert shown["status"] == "completed"
    if row.event != "signal.<name>":
        assert shown["result"]["heard"]["event"] == seen(api, row.event)["event"]


@rows
def test_a_wait_sees_event_and_meta(api: Api, project: Project, row: Row) -> None:
    condition = f"meta.event_type == '{NAMED[row.event]}' && event != null"
    mapping = {"kind": "meta.event_type", "all": "event"}
    step = wait(NAMED[row.event], condition=condition, payload_mapping=mapping)
    run = ok(api.post("runs", {"spec": spec(step)}))["id"]
    dispatch_all()

    happen(api, project, row.event, waiting=run)

    shown = ok(api.get(f"runs/{run}"), 200)
    assert shown["result"] == {
        "kind": NAMED[row.event],
        "all": seen(api, row.event)["event"],
    }
