"""Streams without a connection: whatever is lost, every line comes once, in order."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobius.sdk.errors import ConnectionFailed
from mobius.sdk.streams import FAILURES_MAX, Feed, StreamEvent, read_event


def frame(seq: int, last: int) -> bytes:
    """A line of a workflow's run; the last one ends it."""
    status = "completed" if seq == last else "running"
    told = "run.completed" if seq == last else "step.completed"
    data = {"status": status, "event": told, "text": "ü\n"}
    body = {"type": "run_updated", "run_id": "run_1", "seq": seq, "data": data}
    written = json.dumps(body, ensure_ascii=False)
    return f"id: {seq}\nevent: run_updated\ndata: {written}\n\n".encode()


def seed(seq: int, last: int) -> bytes:
    status = "completed" if seq == last else "running"
    body = {"type": "run_updated", "run_id": "run_1", "seq": seq}
    return b"data: %b\n\n" % json.dumps(body | {"data": {"status": status}}).encode()


#: How many lines are written before a connection, after how many bytes it breaks, and
#: the size of its chunks.
BREAKS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 500), st.integers(1, 97)), max_size=6
)


@given(lines=st.integers(1, 12), after=st.none() | st.integers(0, 12), breaks=BREAKS)
@settings(max_examples=200, deadline=None)
def test_every_line_comes_once_wherever_connections_break(
    lines: int, after: int | None, breaks: list[tuple[int, int, int]]
) -> None:
    feed, written, seen = Feed(after), 0, list[StreamEvent]()
    for more, cut, size in [*breaks, (lines, 10**6, 4096), (0, 10**6, 4096)]:
        query, headers = feed.position()
        written = min(lines, written + more)
        # What the server does: the summary of now, then what lies behind the place.
        said = headers.get("Last-Event-ID", query["after_sequence"] if query else None)
        place = written if said is None else int(said)
        sent = seed(written, lines)
        sent += b"".join(frame(seq, lines) for seq in range(place + 1, written + 1))
        for begin in range(0, len(sent[:cut]), size):
            seen += feed.receive(sent[:cut][begin : begin + size])
        feed.ended() if cut >= len(sent) else feed.failed(ConnectionFailed("lost"))

    numbers = [event.seq for event in seen if event.id]
    summaries = [event.seq for event in seen if not event.id]
    assert len(summaries) <= (after is None)
    start = after if after is not None else (summaries or [0])[0]
    assert numbers == list(range(start + 1, lines + 1))
    assert feed.is_over()


def test_a_stream_that_says_nothing_twice_is_over() -> None:
    feed = Feed(None)
    for _ in range(2):
        feed.position()
        assert feed.receive(b": open\n\n") == []
        feed.ended()

    assert feed.is_over()


def test_a_stream_gives_up_after_many_failures_in_a_row_and_only_then() -> None:
    feed = Feed(0)
    for seq in (1, 2):
        for _ in range(FAILURES_MAX):
            feed.failed(ConnectionFailed("lost"))
        assert feed.receive(frame(seq, 99))
        assert feed.delay() == 0.0

    for _ in range(FAILURES_MAX):
        feed.failed(ConnectionFailed("lost"))
    with pytest.raises(ConnectionFailed):
        feed.failed(ConnectionFailed("lost"))


def test_waits_between_connections_grow_to_ten_seconds() -> None:
    feed = Feed(0)
    waits = [feed.delay()]
    for _ in range(6):
        feed.failed(ConnectionFailed("lost"))
        waits.append(feed.delay())

    assert waits == [0.0, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


def told(body: dict[str, object]) -> tuple[str, int, str, bool]:
    event: StreamEvent = read_event(body)
    return event.type, event.seq, event.status, event.is_end


def test_every_kind_of_run_tells_in_the_same_words() -> None:
    linear = {
        "event_type": "run.failed",
        "sequence": 9,
        "payload": {"status": "failed"},
    }
    framed = {
        "type": "run_updated",
        "seq": 9,
        "data": {"status": "failed", "event": "run.failed"},
    }
    assert told(linear) == told(framed) == ("run.failed", 9, "failed", True)

    job = {"type": "job_updated", "seq": 3, "data": {"event": "action.called"}}
    assert told(job) == ("action.called", 3, "", False)


def test_a_workers_event_cannot_pass_for_the_end_of_a_run() -> None:
    forged = {"type": "run.completed", "seq": 4, "data": {"status": "completed"}}

    assert told(forged) == ("worker.run.completed", 4, "", False)
