"""The event catalog: every run-stream event, with what its payload promises."""

from typing import Any

import pytest

from apps.kernel import clock
from apps.run_events.models import RunEvent
from apps.run_events.services.append import Entry, append_run_events
from tests.contract.event_tables import EXAMPLE_STREAM, LEGACY, LINES
from tests.contract.happenings import ok
from tests.contract.run_stories import STORIES, Story, World
from tests.contract.timelines import listed, streamed
from tests.support.drive import claim, dispatch_all
from tests.support.linear import action
from tests.support.remote import Remote
from tests.support.specs import ONE_STEP

#: Promised fields that may be empty: nothing was put out, nothing ends the wait.
MAY_BE_NULL = {"output", "result", "deadline", "payload"}
Json = dict[str, Any]
stories = pytest.mark.parametrize("story", STORIES.values(), ids=STORIES.keys())


@stories
def test_a_story_has_its_lines_with_what_they_promise(
    world: World, reader: Remote, story: Story
) -> None:
    run = story.tell(world)

    events = listed(reader, run)

    assert [each["sequence"] for each in events] == [*range(1, len(events) + 1)]
    types = [each["event_type"] for each in events]
    assert set(story.lines) <= set(types) <= LINES.keys() - {LEGACY}
    assert types[0] == "run.started"
    if story.whole:
        assert types == [*story.whole]
    for event in events:
        payload = event["payload"]
        missing = [
            field
            for field in LINES[event["event_type"]]
            if payload.get(field) is None
            and not (field in payload and field in MAY_BE_NULL)
            and not (field == "run_id" and event["run_id"] == run)
        ]
        assert missing == [], event
        assert payload.get("step", "") == event.get("step_key", "")


def test_every_line_but_the_legacy_one_has_a_story() -> None:
    told = {line for story in STORIES.values() for line in story.lines}
    assert told == LINES.keys() - {LEGACY}


def test_the_example_stream_is_exactly_this(world: World, reader: Remote) -> None:
    run = STORIES["example"].tell(world)

    names = [frame.event for frame in streamed(reader, run)]

    assert names == [*EXAMPLE_STREAM]


def test_a_legacy_result_can_be_read(world: World, reader: Remote) -> None:
    run = world.start(action("parse"))
    payload = {"action": "doc.parse", "result": {"pages": 3}, "step": "parse"}
    append_run_events(
        [Entry(run, world.project.id, LEGACY, payload, "queued")], now=clock.now()
    )
    world.work({"pages": 3})

    (found,) = [each for each in listed(reader, run) if each["event_type"] == LEGACY]
    assert found["payload"] == payload
    (frame,) = [each for each in streamed(reader, run) if each.event == LEGACY]
    assert frame.data == found


def test_a_worker_can_write_no_line_of_ours(world: World, reader: Remote) -> None:
    run = world.start(action("parse"))
    job = claim(world.project.id)
    assert job is not None
    ours = sorted(LINES.keys() - {"artifact.created", "generation.delta"})
    sent = [{"type": type_, "payload": {"status": "completed"}} for type_ in ours]
    for chunk in (sent[:15], sent[15:]):
        body = {"worker_id": "w1", "attempt": 1, "events": chunk}
        ok(world.api.post(f"jobs/{job['job_id']}/events", body), 204)

    shown = [each for each in listed(reader, run) if "worker." in each["event_type"]]

    assert [each["event_type"] for each in shown] == [f"worker.{each}" for each in ours]
    assert all("status" not in each["payload"] for each in shown)


@pytest.mark.parametrize(
    ("type_", "payload", "path"),
    [
        ("artifact.created", {"name": "a", "content_type": "b"}, "artifact_id"),
        ("artifact.created", {"artifact_id": "a", "name": "b"}, "content_type"),
        ("generation.delta", {}, "delta"),
    ],
)
def test_what_a_worker_writes_in_our_words_is_checked(
    world: World, type_: str, payload: Json, path: str
) -> None:
    world.start(action("parse"))
    job = claim(world.project.id)
    assert job is not None
    events = [{"type": type_, "payload": payload}]
    body = {"worker_id": "w1", "attempt": 1, "events": events}

    refused = world.api.post(f"jobs/{job['job_id']}/events", body)

    assert refused.status_code == 400
    assert refused.json()["details"]["path"] == f"events[0].payload.{path}"


def test_what_a_worker_writes_in_our_words_triggers_nothing(
    world: World, reader: Remote
) -> None:
    trigger = {"kind": "event", "config": {"event_type": "artifact.created"}}
    fields = {"name": "heard", "steps": [action("x")], "triggers": [trigger]}
    loop = ok(world.api.post("loops", fields), 201)

    STORIES["from a worker"].tell(world)

    path = f"loops/{loop['id']}/runs"
    assert ok(world.api.get(path), 200)["items"] == []
    assert ok(world.api.get("source-events?event_type=artifact.*"), 200)["items"] == []


def test_runs_of_workflows_tell_the_same_lines(world: World, reader: Remote) -> None:
    run = ok(world.api.post("runs", {"spec": ONE_STEP}))["id"]
    dispatch_all()
    world.work({"pages": 3})

    types = [each["event_type"] for each in listed(reader, run)]

    assert [each for each in types if each in LINES] == [
        *("run.started", "step.started", "action.called", "action.completed"),
        *("step.completed", "usage.recorded", "run.completed"),
    ]
    assert set(types) - LINES.keys() == {"action.claimed", "run.running"}
    assert RunEvent.objects.filter(type=LEGACY).count() == 0
