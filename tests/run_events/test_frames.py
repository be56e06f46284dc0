"""From stored events to bytes: pure."""

import json
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from apps.realtime.sse import in_chunks
from apps.run_events.frames import (
    LINE_BYTES_MAX,
    Frame,
    Seed,
    StoredEvent,
    render_seed,
    to_frame,
)
from apps.run_events.wire import pack, unpack

NINE = datetime(2026, 1, 31, 9, tzinfo=UTC)


def event(type_: str, status: str = "running", **options: Any) -> StoredEvent:
    options.setdefault("payload", {"step": "parse"})
    return StoredEvent(
        "run_1", "prj_1", 7, type_, status=status, created_at=NINE, **options
    )


def read(frame: Frame) -> dict[str, Any]:
    lines = frame.body.decode().split("\n")
    assert lines[-2:] == ["", ""]
    fields = dict(line.split(": ", 1) for line in lines[:-2])
    assert list(fields) == ["id", "event", "data"]
    body: dict[str, Any] = json.loads(fields["data"])
    assert body["type"] == fields["event"]
    return body


@pytest.mark.parametrize(
    ("stored", "status", "shown", "shown_status"),
    [
        ("run.started", "queued", "run_updated", "queued"),
        ("step.completed", "running", "run_updated", "running"),
        ("wait.opened", "suspended", "run_updated", "suspended"),
        ("interaction.requested", "suspended", "run_updated", "suspended"),
        ("run.cancelled", "cancelled", "run_updated", "cancelled"),
        ("step.completed", "completed", "run_updated", "running"),
        ("step.failed", "failed", "run_updated", "running"),
        ("action.called", "queued", "job_updated", "pending"),
        ("action.claimed", "running", "job_updated", "claimed"),
        ("action.retried", "queued", "job_updated", "pending"),
        ("action.completed", "completed", "action_appended", "completed"),
        ("action.failed", "failed", "action_appended", "failed"),
    ],
)
def test_lines_of_the_system_become_three_types(
    stored: str, status: str, shown: str, shown_status: str
) -> None:
    body = read(to_frame(event(stored, status)))

    assert (body["type"], body["run_id"], body["seq"]) == (shown, "run_1", 7)
    assert body["timestamp"] == "2026-01-31T09:00:00.000000Z"
    assert (body["data"]["status"], body["data"]["event"]) == (shown_status, stored)
    assert body["data"]["step"] == "parse"


def test_other_types_are_shown_as_they_are() -> None:
    body = read(to_frame(event("artifact.created", payload={"name": "a"})))

    assert (body["type"], body["data"]) == ("artifact.created", {"name": "a"})


def test_a_workers_event_is_its_own_and_says_nothing_about_the_run() -> None:
    frame = to_frame(
        event("run.completed", payload={"status": "completed"}, from_worker=True)
    )

    assert frame.status is None
    assert read(frame)["type"] == "run.completed"


@pytest.mark.parametrize("type_", ["run_updated", "job_updated", "action_appended"])
def test_a_workers_event_cannot_pass_for_one_of_ours(type_: str) -> None:
    frame = to_frame(event(type_, payload={"status": "completed"}, from_worker=True))

    assert read(frame)["type"] == f"worker.{type_}"


@pytest.mark.parametrize("type_", ["a\nb", "a\r\ndata: b", "a\0b"])
def test_a_type_with_line_ends_stays_on_its_line(type_: str) -> None:
    frame = to_frame(event(type_, from_worker=True))

    assert frame.body.count(b"\n") == 4
    assert frame.body.count(b"\r") == 0


@pytest.mark.parametrize(
    "payload",
    [
        {"step": "parse", "result": "x" * 100_000},
        {f"field-{n}": "x" * 300 for n in range(1000)},
        {
            "step": "parse",
            "result": {"deep": ["x" * 1000] * 1000},
            "error": "e" * 70_000,
        },
    ],
)
def test_a_long_line_loses_its_biggest_fields_and_names_them(
    payload: dict[str, Any],
) -> None:
    frame = to_frame(event("action.completed", payload=payload))

    assert len(frame.body) < LINE_BYTES_MAX + 100
    data = read(frame)["data"]
    assert (data["status"], data["event"]) == ("completed", "action.completed")
    assert data["truncated"]
    assert not set(data["truncated"]) & set(data)


def test_a_seed_has_no_id_and_carries_status_and_facts() -> None:
    lines = render_seed(Seed("run_1", 4, "suspended", NINE, {"attempt": 2})).decode()

    name, data = lines.strip().split("\n")
    assert name == "event: run_updated"
    assert json.loads(data.removeprefix("data: ")) == {
        "type": "run_updated",
        "run_id": "run_1",
        "seq": 4,
        "timestamp": "2026-01-31T09:00:00.000000Z",
        "data": {"attempt": 2, "status": "suspended"},
    }


def test_frames_are_joined_into_chunks_of_bounded_size() -> None:
    bodies = [b"x" * 10_000] * 10

    chunks = list(in_chunks(bodies))

    assert b"".join(chunks) == b"".join(bodies)
    assert [len(chunk) for chunk in chunks] == [40_000, 40_000, 20_000]


def test_an_event_survives_the_way_through_a_message() -> None:
    events = [event("run.started", "queued"), event("mine", from_worker=True)]

    items = orjson.loads(orjson.dumps(pack(events)))

    assert [unpack(item) for item in items] == events
    assert items[0].keys() >= {"channel", "event_type", "data", "pub_id"}
