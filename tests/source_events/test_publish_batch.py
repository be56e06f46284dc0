"""``POST source-events/batch``: many custom events at once, all of them or none."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.identity.models import Project
from apps.source_events.models import ListenerSource, SourceEvent
from apps.source_events.requests import BATCH_BYTES_MAX, BATCH_MAX, BYTES_MAX
from apps.source_events.services.listeners import NewListener, add_listeners
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.specs import ONE_STEP

pytestmark = pytest.mark.django_db

TYPE = "custom.payment.received"
FINE = {"event_type": TYPE}


def publish(api: Api, *events: Any, **headers: str) -> Any:
    return api.post("source-events/batch", {"events": list(events)}, **headers)


def stored() -> list[SourceEvent]:
    return list(SourceEvent.objects.filter(public=True).order_by("created_at", "id"))


def problems(answer: Any) -> dict[str, str]:
    assert answer.status_code == 400, answer.json()
    fields = answer.json()["error"]["details"]["fields"]
    return {field["path"]: field["message"] for field in fields}


def test_each_event_is_answered_in_its_place(api: Api) -> None:
    answer = publish(
        api,
        {"event_type": "custom.b", "event": {"n": 1}, "source_id": "s1"},
        {"event_type": "custom.a", "meta": {"n": 2}, "source_kind": "shop"},
    )

    assert answer.status_code == 202
    items = answer.json()["items"]
    assert [item.keys() for item in items] == [
        {"source_event_id", "status", "deduped"}
    ] * 2
    assert {(item["status"], item["deduped"]) for item in items} == {
        ("accepted", False)
    }
    first, second = stored()
    assert [first.id, second.id] == [item["source_event_id"] for item in items]
    assert (first.event_type, first.event, first.source_id) == (
        "custom.b",
        {"n": 1},
        "s1",
    )
    assert (second.meta, second.source_kind) == (
        {"event_type": "custom.a", "n": 2},
        "shop",
    )


def test_the_most_events_are_taken_in_their_order_and_in_one_statement(
    api: Api,
) -> None:
    events = [{**FINE, "event": {"n": number}} for number in range(BATCH_MAX)]

    with CaptureQueriesContext(connection) as asked:
        answer = publish(api, *events)

    assert answer.status_code == 202
    assert [event.event["n"] for event in stored()] == list(range(BATCH_MAX))
    inserts = [q for q in asked if "INSERT INTO source_events" in q["sql"]]
    assert len(inserts) == 1


def test_those_that_somebody_hears_are_dispatched(api: Api, project: Project) -> None:
    add_listeners([NewListener(project.id, TYPE, ListenerSource.TRIGGER, "trg_1")])

    publish(api, FINE, {"event_type": "custom.other"}, FINE)

    assert dispatch_all() == 2


def test_the_second_with_a_key_gets_the_first_also_within_a_batch(api: Api) -> None:
    known = publish(api, {**FINE, "dedup_key": "known"}).json()["items"][0]

    answer = publish(
        api,
        {**FINE, "dedup_key": "b", "event": {"n": 1}},
        FINE,
        {**FINE, "dedup_key": "a"},
        {**FINE, "dedup_key": "b", "event": {"n": 2}},
        {**FINE, "dedup_key": "known"},
    )

    first, none, other, again, old = answer.json()["items"]
    assert [item["deduped"] for item in (first, none, other)] == [False] * 3
    assert again == {**first, "deduped": True}
    assert old == {**known, "deduped": True}
    assert SourceEvent.objects.get(id=first["source_event_id"]).event == {"n": 1}
    assert len(stored()) == 4


def test_a_key_of_the_single_call_is_known_here_too(api: Api) -> None:
    first = api.post("source-events", {**FINE, "dedup_key": "k"}).json()

    answer = publish(api, {**FINE, "dedup_key": "k"})

    assert answer.json()["items"] == [{**first, "deduped": True}]


def test_one_bad_event_refuses_all_and_every_mistake_is_named(api: Api) -> None:
    answer = publish(
        api,
        FINE,
        {"event_type": "run.completed", "event": []},
        "text",
        {"event": {}},
        {**FINE, "colour": "red"},
        {**FINE, "meta": {"event_type": "custom.other"}},
    )

    assert problems(answer) == {
        "events[1].event_type": "must begin with custom.",
        "events[1].event": "expected an object",
        "events[2]": "expected an object",
        "events[3].event_type": "is required",
        "events[4].colour": "unknown field",
        "events[5].meta.event_type": "is the event's own type; leave it out",
    }
    assert stored() == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("events", {}),
        ("events", {"events": []}),
        ("events", {"events": {}}),
        ("events", {"events": [FINE] * (BATCH_MAX + 1)}),
        ("more", {"events": [FINE], "more": 1}),
        ("body", []),
    ],
)
def test_what_is_wrong_with_the_batch_is_named(
    api: Api, path: str, body: object
) -> None:
    assert list(problems(api.post("source-events/batch", body))) == [path]
    assert stored() == []


def test_the_batch_has_a_limit_as_a_whole_and_each_event_its_own(api: Api) -> None:
    count = 5
    around = len('{"a":""}') + len("{}")
    fits = BATCH_BYTES_MAX // count - around
    rest = BATCH_BYTES_MAX - count * (fits + around)
    sizes = [fits] * (count - 1) + [fits + rest]
    events = [{**FINE, "event": {"a": "x" * size}} for size in sizes]

    assert publish(api, *events).status_code == 202
    refused = publish(api, *events, FINE)
    assert refused.status_code == 413
    assert refused.json()["error"]["details"] == {
        "limit": BATCH_BYTES_MAX,
        "size": BATCH_BYTES_MAX + 4,
    }
    large = publish(api, FINE, {**FINE, "event": {"a": "x" * BYTES_MAX}})
    assert large.status_code == 413
    assert "events[1]" in large.json()["error"]["message"]
    assert len(stored()) == count


def test_events_may_name_the_runs_they_are_published_for(api: Api) -> None:
    run_id = api.post("runs", {"spec": ONE_STEP}).json()["id"]

    with CaptureQueriesContext(connection) as asked:
        answer = publish(api, {**FINE, "run_id": run_id}, FINE)

    assert answer.status_code == 202
    assert [(event.run_id, event.depth) for event in stored()] == [(run_id, 1), ("", 0)]
    assert len([q for q in asked if "runs_run" in q["sql"]]) == 1


def test_every_run_that_is_not_there_is_named(api: Api, stranger: Api) -> None:
    ours = api.post("runs", {"spec": ONE_STEP}).json()["id"]
    theirs = stranger.post("runs", {"spec": ONE_STEP}).json()["id"]

    answer = publish(
        api,
        {**FINE, "run_id": ours},
        {**FINE, "run_id": theirs},
        FINE,
        {**FINE, "run_id": "run_none"},
    )

    assert problems(answer) == {
        "events[1].run_id": f"there is no run {theirs} in this project",
        "events[3].run_id": "there is no run run_none in this project",
    }
    assert stored() == []


def test_a_repeated_request_is_answered_as_the_first_time(api: Api) -> None:
    key = {"Idempotency-Key": "once"}
    first = publish(api, FINE, FINE, **key)
    again = publish(api, FINE, FINE, **key)
    other = publish(api, FINE, **key)

    assert (again.status_code, again.json()) == (202, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert other.status_code == 409
    assert len(stored()) == 2


@pytest.mark.parametrize(
    ("role", "status"),
    [
        *((role, 202) for role in ("Owner", "Admin", "Editor", "Operator")),
        ("Worker", 202),
        ("Viewer", 403),
    ],
)
def test_these_roles_may_publish(
    api_as: Callable[[str], Api], role: str, status: int
) -> None:
    assert publish(api_as(role), FINE).status_code == status


def test_a_stranger_finds_no_project(project: Project, stranger: Api) -> None:
    path = f"/v1/projects/{project.handle}/source-events/batch"
    assert stranger.post(path, {"events": [FINE]}).status_code == 404


def test_there_is_no_event_named_batch_to_read(api: Api) -> None:
    assert api.get("source-events/batch").status_code == 405
