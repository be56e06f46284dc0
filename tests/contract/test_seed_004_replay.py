"""The event catalog: a run's events are replayed by their number, as list and stream.

The stream of a run of a workflow has the frames of the first guides; all others have
the names of the catalog.
"""

from typing import Any

import pytest

from tests.contract.happenings import ok
from tests.contract.run_stories import STORIES, Story, World
from tests.contract.timelines import listed, streamed
from tests.support.drive import dispatch_all
from tests.support.linear import action
from tests.support.remote import Remote
from tests.support.specs import ONE_STEP
from tests.support.sse import EventStream

stories = pytest.mark.parametrize("story", STORIES.values(), ids=STORIES.keys())
routes = pytest.mark.parametrize("route", ["events", "events.stream"])
JSON = {"Accept": "application/json"}
LOOPS = {"id", "run_id", "sequence", "event_type", "payload", "created_at"}


@stories
@routes
def test_replay_after_any_number_is_exactly_the_rest(
    world: World, reader: Remote, story: Story, route: str
) -> None:
    run = story.tell(world)
    events = listed(reader, run)

    for after in range(len(events) + 1):
        rest = events[after:]
        assert listed(reader, run, f"&after_sequence={after}") == rest
        frames = streamed(reader, run, route=route, after_sequence=after)
        assert [frame.data for frame in frames] == rest
        assert [frame.id for frame in frames] == [str(e["sequence"]) for e in rest]
        assert [frame.event for frame in frames] == [e["event_type"] for e in rest]


@routes
def test_a_client_that_reconnects_says_what_it_saw_last(
    world: World, reader: Remote, route: str
) -> None:
    run = STORIES["event"].tell(world)
    whole = streamed(reader, run, route=route)

    for frame in whole:
        seen = whole[: whole.index(frame) + 1]
        rest = streamed(reader, run, route=route, last_event_id=frame.id)
        assert seen + rest == whole


@pytest.mark.parametrize("word", ["since", "since_sequence", "after_sequence"])
def test_every_word_for_the_cursor_means_the_same(
    world: World, reader: Remote, word: str
) -> None:
    run = STORIES["example"].tell(world)

    assert listed(reader, run, f"&{word}=5") == listed(reader, run)[5:]
    cursor: Any = {word: 5}
    frames = streamed(reader, run, **cursor)
    assert [frame.data for frame in frames] == listed(reader, run)[5:]
    further = streamed(reader, run, last_event_id="6", **cursor)
    assert [frame.id for frame in further] == ["7"]


def test_a_list_is_paged_by_the_next_number(world: World, reader: Remote) -> None:
    run = STORIES["event"].tell(world)
    whole, read, after = listed(reader, run), [], 0

    while True:
        path = f"runs/{run}/events?after_sequence={after}&limit=4"
        page = reader.call("GET", path, headers=JSON).body
        assert page.keys() == {"items", "has_more", "next_sequence"}
        assert len(page["items"]) <= 4
        read += page["items"]
        after = page["next_sequence"]
        assert after == read[-1]["sequence"]
        if not page["has_more"]:
            break

    assert read == whole
    end = reader.call("GET", f"runs/{run}/events?after_sequence={after}", headers=JSON)
    assert end.body == {"items": [], "has_more": False, "next_sequence": after}


@routes
def test_lines_reach_an_open_stream_and_it_ends_with_the_run(
    world: World, reader: Remote, route: str
) -> None:
    run = world.start(action("parse"))
    accept = {"accept": "text/event-stream"}
    with EventStream(reader.url(f"runs/{run}/{route}"), reader.api_key, **accept) as s:
        begun = s.take(3)
        world.work({"pages": 3})
        frames = begun + s.rest()

    assert [frame.data for frame in frames] == listed(reader, run)
    assert frames[-1].event == "run.completed"
    assert frames[-1].data["payload"]["status"] == "completed"


@pytest.mark.parametrize("story", ["example", "failure", "cancelled"])
def test_only_the_end_of_a_run_says_that_it_is_over(
    world: World, reader: Remote, story: str
) -> None:
    run = STORIES[story].tell(world)

    *before, last = listed(reader, run)

    assert last["payload"]["status"] in last["event_type"]
    final = {"completed", "failed", "cancelled"}
    assert not {each["payload"].get("status") for each in before} & final


def test_events_of_a_loop_have_these_fields(world: World, reader: Remote) -> None:
    run = STORIES["example"].tell(world)

    for event in listed(reader, run):
        about = {"step_id", "step_key"} if "step" in event["payload"] else set()
        assert event.keys() == LOOPS | about
        assert event["run_id"] == run


def test_events_of_an_automation_name_organization_and_project(
    world: World, reader: Remote
) -> None:
    api = world.api
    ok(api.post("automations", {"name": "A", "handle": "a"}), 201)
    step = {"key": "parse", "kind": "action", "config": {"action_name": "p"}}
    ok(api.post("automations/a/versions", {"spec": {"steps": [step]}}), 201)
    ok(api.post("automations/a/versions/1/publication"), 200)
    run = ok(api.post("automations/a/runs"))["id"]
    dispatch_all()
    world.work()

    events = listed(reader, run)

    owner = {"org_id": world.project.organization_id, "project_id": world.project.id}
    for event in events:
        assert event.items() >= owner.items()
    assert [frame.data for frame in streamed(reader, run)] == events
    for after in range(len(events) + 1):
        frames = streamed(reader, run, since_sequence=after)
        assert [frame.data for frame in frames] == events[after:]


# --- Runs of workflows ----------------------------------------------------------


@pytest.fixture
def workflow_run(world: World) -> str:
    run = ok(world.api.post("runs", {"spec": ONE_STEP}))["id"]
    dispatch_all()
    world.work({"pages": 3})
    return str(run)


@routes
def test_a_workflows_stream_has_the_frames_of_the_first_guides(
    workflow_run: str, reader: Remote, route: str
) -> None:
    frames = streamed(reader, workflow_run, route=route, since=1)

    seed, *rest = frames
    assert (seed.id, seed.event, seed.data["data"]["status"]) == (
        *(None, "run_updated", "completed"),
    )
    for frame in rest:
        assert [*frame.data] == ["type", "run_id", "seq", "timestamp", "data"]
        assert frame.event == frame.type
    changes: list[Any] = []
    for frame in rest:
        if frame.type == "run_updated" and frame.data["data"]["status"] not in changes:
            changes.append(frame.data["data"]["status"])
    assert changes == ["queued", "running", "completed"]
    types = {frame.type for frame in frames}
    assert types == {"run_updated", "job_updated", "action_appended"}


@routes
def test_replay_of_a_workflows_run_is_exactly_the_rest(
    workflow_run: str, reader: Remote, route: str
) -> None:
    events = listed(reader, workflow_run)

    for after in range(1, len(events) + 1):
        rest = [each["sequence"] for each in events[after:]]
        page = listed(reader, workflow_run, f"&since={after}")
        assert [each["sequence"] for each in page] == rest
        _, *frames = streamed(reader, workflow_run, route=route, since=after)
        assert [frame.seq for frame in frames] == rest
        assert [frame.line for frame in frames] == [
            each["event_type"] for each in events[after:]
        ]
