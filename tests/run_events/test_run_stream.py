"""The stream of one run, over a real socket."""

import pytest

from tests.run_events.conftest import Timeline, Watch


def test_the_first_frame_is_a_seed_with_the_status_and_no_id(
    watch: Watch, timeline: Timeline
) -> None:
    timeline.add("run.started", "step.started", status="queued")

    stream = watch()
    [seed] = stream.take(1)

    assert (stream.status, stream.headers["content-type"]) == (200, "text/event-stream")
    assert stream.headers["cache-control"] == "no-cache, no-transform"
    assert (seed.type, seed.id, seed.seq) == ("run_updated", None, 2)
    assert seed.data["run_id"] == timeline.run.id
    assert seed.data["data"]["status"] == "queued"


def test_without_since_only_new_lines_follow_the_seed(
    watch: Watch, timeline: Timeline
) -> None:
    timeline.add("run.started", status="queued")
    stream = watch()
    stream.take(1)

    timeline.add("action.claimed", "run.running")

    claimed, running = stream.take(2)
    assert (claimed.id, claimed.event, claimed.line) == (
        "2",
        "job_updated",
        "action.claimed",
    )
    assert (running.id, running.type, running.line) == (
        "3",
        "run_updated",
        "run.running",
    )


@pytest.mark.parametrize("name", ["since", "since_sequence", "after_sequence"])
def test_since_replays_what_lies_above_it(
    watch: Watch, timeline: Timeline, name: str
) -> None:
    timeline.add("run.started", "step.started", "action.called", status="queued")

    frames = watch(**{name: 1}).take(3)

    assert [frame.line for frame in frames] == ["seed", "step.started", "action.called"]
    assert [frame.id for frame in frames] == [None, "2", "3"]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("since", ["seed"]),
        ("since_sequence", ["seed", "run.started", "step.started"]),
        ("after_sequence", ["seed", "run.started", "step.started"]),
    ],
)
def test_zero_is_the_beginning_but_for_the_oldest_clients_who_always_send_it(
    watch: Watch, timeline: Timeline, name: str, lines: list[str]
) -> None:
    timeline.add("run.started", "step.started", status="queued")
    stream = watch(**{name: 0})
    shown = stream.take(len(lines))

    timeline.add("action.called")

    assert [frame.line for frame in shown] == lines
    assert [frame.id for frame in stream.take(1)] == ["3"]


def test_the_larger_of_since_and_last_event_id_wins(
    watch: Watch, timeline: Timeline
) -> None:
    timeline.add("run.started", "step.started", "action.called", status="queued")

    assert [f.id for f in watch(since=1, last_event_id="2").take(2)] == [None, "3"]
    assert [f.id for f in watch(since=2, last_event_id="1").take(2)] == [None, "3"]


def test_a_since_beyond_the_end_means_the_end(watch: Watch, timeline: Timeline) -> None:
    timeline.add("run.started", status="queued")
    stream = watch(since=4000)
    stream.take(1)

    timeline.add("run.running")

    assert stream.take(1)[0].seq == 2


def test_reconnecting_shows_every_line_once_and_in_order(
    watch: Watch, timeline: Timeline
) -> None:
    seen: list[int] = []
    last = "0"
    timeline.add("run.started", status="queued")
    for _ in range(6):
        stream = watch(last_event_id=last) if seen else watch()
        stream.take(1)
        timeline.add("step.started", "step.completed")
        frames = stream.take(2)
        seen += [frame.seq for frame in frames]
        last = frames[-1].id or ""
        stream.close()
        timeline.add("step.retried")
        missed = watch(last_event_id=last).take(2)[1]
        seen.append(missed.seq)
        last = missed.id or ""

    assert seen == list(range(2, 20))


def test_the_stream_ends_after_the_line_that_ends_the_run(
    watch: Watch, timeline: Timeline
) -> None:
    timeline.add("run.started", status="queued")
    stream = watch()

    timeline.add("action.completed", "step.completed", "run.completed")

    frames = stream.rest()
    assert [f.line for f in frames] == [
        "seed",
        "action.completed",
        "step.completed",
        "run.completed",
    ]
    assert frames[2].data["data"]["status"] == "running"
    assert frames[3].data["data"]["status"] == "completed"


def test_a_finished_run_gives_its_seed_the_replay_asked_for_and_the_end(
    watch: Watch, timeline: Timeline
) -> None:
    timeline.add("run.started", "run.completed")

    assert [f.line for f in watch().rest()] == ["seed"]
    assert [f.line for f in watch(since=1).rest()] == ["seed", "run.completed"]
    assert [f.line for f in watch(since=2).rest()] == ["seed"]


def test_a_workers_late_event_does_not_keep_a_finished_run_open(
    watch: Watch, timeline: Timeline
) -> None:
    timeline.add("run.started", "run.completed")
    timeline.add_from_worker("progress", percent=100)

    frames = watch(since=1).rest()

    assert [f.line for f in frames] == ["seed", "run.completed", "progress"]


def test_a_retried_run_is_live_again(watch: Watch, timeline: Timeline) -> None:
    timeline.add("run.started", "run.failed")
    timeline.add("run.resumed", status="queued")
    stream = watch(since=1)

    assert [f.line for f in stream.take(3)] == ["seed", "run.failed", "run.resumed"]
    timeline.add("run.completed")
    assert [f.line for f in stream.rest()] == ["run.completed"]


def test_a_burst_longer_than_the_queue_arrives_whole(
    watch: Watch, timeline: Timeline
) -> None:
    stream = watch()
    stream.take(1)

    timeline.add(*["step.started"] * 450)
    timeline.add(*["step.completed"] * 60, "run.completed")

    assert [f.seq for f in stream.rest()] == list(range(1, 512))


def test_a_line_too_big_for_a_message_is_read_from_the_table(
    watch: Watch, timeline: Timeline
) -> None:
    stream = watch()
    stream.take(1)

    timeline.add("action.completed", step="parse", result="x" * 200_000)

    [frame] = stream.take(1)
    assert frame.data["data"]["truncated"] == ["result"]
    assert frame.data["data"]["step_name"] == "parse"


def test_a_workers_own_event_keeps_its_type_and_payload(
    watch: Watch, timeline: Timeline
) -> None:
    stream = watch()
    stream.take(1)

    timeline.add_from_worker("pages.parsed", pages=3, status="completed")

    [frame] = stream.take(1)
    assert (frame.event, frame.type) == ("pages.parsed", "pages.parsed")
    assert frame.data["data"] == {"pages": 3, "status": "completed"}


def test_the_same_stream_answers_under_events_stream(
    watch: Watch, timeline: Timeline
) -> None:
    timeline.add("run.started", "run.completed")

    frames = watch(f"runs/{timeline.run.id}/events.stream", since=1).rest()

    assert [f.line for f in frames] == ["seed", "run.completed"]


def test_an_idle_stream_is_kept_alive(
    watch: Watch, timeline: Timeline, settings: object
) -> None:
    settings.KEEP_ALIVE_SECONDS = 0.05  # type: ignore[attr-defined]
    stream = watch()
    stream.take(1)

    stream.await_comment("keep-alive")

    timeline.add("run.running")
    assert stream.take(1)[0].line == "run.running"
