"""What is said in a session: numbers, roles, limits, facts."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.agents import session_views
from apps.agents.selectors import PAGE_BYTES
from apps.agents.services.append_messages import TEXT_CHARS_MAX
from apps.agents.session_requests import CONTENT_BYTES_MAX
from apps.source_events.models import SourceEvent
from tests.agents.scenes import (
    Body,
    api_of,
    make_agent,
    message,
    open_session,
    problems,
    say,
    stored,
)
from tests.support.api import Api
from tests.support.specs import ONE_STEP


def test_messages_are_numbered_from_one_in_the_order_they_came(
    api: Api, session: Body, speaker: Api
) -> None:
    first = say(api, session, "Hello", "Are you there?")
    second = say(speaker, session, "Yes.", role="agent")

    assert [one["sequence"] for one in first["messages"]] == [1, 2]
    assert [one["sequence"] for one in second["messages"]] == [3]
    assert (second["last_sequence"], second["message_count"]) == (3, 3)
    items = api.get(f"sessions/{session['id']}/messages").json()["items"]
    assert [(one["sequence"], one["role"]) for one in items] == [
        (1, "user"),
        (2, "user"),
        (3, "agent"),
    ]
    assert all(one["id"].startswith("msg_") for one in items)
    assert items[2]["content"] == [{"type": "text", "text": "Yes."}]
    assert items[2]["agent_id"] == session["agent_id"]
    assert second["last_message_at"] == items[2]["created_at"]


def test_parts_and_metadata_are_kept_as_they_came(api: Api, session: Body) -> None:
    parts = [
        {"type": "text", "text": "Look:"},
        {"type": "image", "url": "https://example.com/a.png", "size": [1, 2]},
    ]
    body = {"messages": [message(parts, metadata={"from": "web"})]}

    api.post(f"sessions/{session['id']}/messages", body)

    (item,) = api.get(f"sessions/{session['id']}/messages").json()["items"]
    assert (item["content"], item["metadata"]) == (parts, {"from": "web"})


def test_only_the_agent_and_who_manages_agents_speak_as_the_agent(
    api: Api, api_as: Callable[[str], Api], stranger: Api, session: Body, speaker: Api
) -> None:
    path = f"sessions/{session['id']}/messages"
    other = api_of(make_agent(api, "other"), api.project)
    teammate, editor, viewer = map(api_as, ("Operator", "Editor", "Viewer"))

    def status(caller: Api, role: str) -> int:
        return int(caller.post(path, {"messages": [message("x", role)]}).status_code)

    for role in ("agent", "system", "tool"):
        assert status(speaker, role) == status(editor, role) == 200
        for caller in (teammate, other):
            answer = caller.post(path, {"messages": [message("a"), message("b", role)]})
            assert (answer.status_code, answer.json()["details"]["role"]) == (403, role)
    for caller in (teammate, other, speaker):
        assert status(caller, "user") == 200
    assert status(viewer, "user") == 403
    assert status(stranger, "user") == 404
    assert len(stored(session)) == 9


@pytest.mark.parametrize(
    ("bad", "paths"),
    [
        ({}, ["content", "role"]),
        ({"role": "user", "content": ""}, ["content"]),
        ({"role": "user", "content": 7}, ["content"]),
        ({"role": "user", "content": []}, ["content"]),
        ({"role": "user", "content": ["x"]}, ["content[0]"]),
        ({"role": "user", "content": [{"text": "x"}]}, ["content[0].type"]),
        ({"role": "user", "content": [{"type": "text"}]}, ["content[0].text"]),
        ({"role": "user", "content": "a\x00b"}, ["content"]),
        ({"role": "assistant", "content": "x"}, ["role"]),
        ({"role": "user", "content": "x", "sequence": 4}, ["sequence"]),
    ],
)
def test_one_bad_message_refuses_all_and_is_named(
    api: Api, session: Body, bad: Body, paths: list[str]
) -> None:
    body = {"messages": [message("fine"), bad]}

    answer = api.post(f"sessions/{session['id']}/messages", body)

    assert problems(answer) == [f"messages[1].{path}" for path in paths]
    assert stored(session) == []


def test_what_is_too_much_is_refused_with_the_limit(api: Api, session: Body) -> None:
    path = f"sessions/{session['id']}/messages"
    around = len('[{"type":"text","text":""}]')
    fits = "x" * (CONTENT_BYTES_MAX - around)

    assert problems(api.post(path, {"messages": []})) == ["messages"]
    crowd = {"messages": [message("x")] * 101}
    assert problems(api.post(path, crowd)) == ["messages"]
    large = api.post(path, {"messages": [message("a"), message(fits + "x")]})
    assert large.status_code == 413
    assert large.json()["message"].startswith("messages[1].content: ")
    assert api.post(path, {"messages": [message(fits)] * 5}).status_code == 413
    assert stored(session) == []
    assert say(api, session, *["x"] * 100)["last_sequence"] == 100
    assert say(api, session, fits)["last_sequence"] == 101


def test_a_closed_session_takes_no_message(
    api: Api, session: Body, speaker: Api
) -> None:
    api.patch(f"sessions/{session['id']}", {"status": "closed"})
    path = f"sessions/{session['id']}"

    for where, body in (
        ("messages", {"messages": [message("x")]}),
        ("previews", {"data": {}}),
    ):
        answer = speaker.post(f"{path}/{where}", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "session_closed")


def test_a_request_that_is_sent_again_says_nothing_twice(
    api: Api, agent: Body, session: Body
) -> None:
    body = {"messages": [message("once")]}
    once = {"Idempotency-Key": "say-1"}
    path = f"sessions/{session['id']}/messages"
    other = open_session(api, agent)

    first, again = (api.post(path, body, **once) for _ in range(2))
    elsewhere = api.post(f"sessions/{other['id']}/messages", body, **once)

    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert stored(session) == [(1, "once")]
    assert elsewhere.json()["code"] == "idempotency_key_conflict"


def test_messages_are_listed_between_two_numbers_in_both_orders(
    api: Api, session: Body
) -> None:
    say(api, session, *"abcdef")

    def ask(query: str) -> tuple[list[int], Any]:
        page = api.get(f"sessions/{session['id']}/messages?{query}").json()
        numbers = [one["sequence"] for one in page["items"]]
        assert page["has_more"] == ("next_sequence" in page)
        return numbers, page.get("next_sequence")

    assert ask("") == ([1, 2, 3, 4, 5, 6], None)
    assert ask("limit=2") == ([1, 2], 2)
    assert ask("limit=2&after_sequence=2") == ([3, 4], 4)
    assert ask("after_sequence=1&before_sequence=4") == ([2, 3], None)
    assert ask("order=desc&limit=4") == ([6, 5, 4, 3], 3)
    assert ask("order=desc&limit=4&before_sequence=3") == ([2, 1], None)
    assert ask("after_sequence=99") == ([], None)
    for name in ("after_sequence", "before_sequence"):
        refused = api.get(f"sessions/{session['id']}/messages?{name}=-1")
        assert problems(refused) == [name]


def test_a_page_of_large_messages_ends_early_and_goes_on(
    api: Api, session: Body
) -> None:
    size = 200 * 1024
    for _ in range(7):
        say(api, session, "x" * size)
    seen: list[int] = []
    pages = 0
    has_more = True
    while has_more:
        after = seen[-1] if seen else 0
        page = api.get(
            f"sessions/{session['id']}/messages?after_sequence={after}"
        ).json()
        seen += [one["sequence"] for one in page["items"]]
        assert len(page["items"]) <= PAGE_BYTES // size + 1
        has_more, pages = page["has_more"], pages + 1

    assert (seen, pages) == ([1, 2, 3, 4, 5, 6, 7], 2)


def test_each_message_is_a_public_fact(api: Api, agent: Body) -> None:
    session = open_session(api, agent, session_key="chat-1")
    said = say(api, session, "Hello", "x" * (TEXT_CHARS_MAX + 1))

    listed = api.get("source-events?event_type=session.message.created").json()
    second, first = listed["items"]

    routing = {
        "session_id": session["id"],
        "agent_id": agent["id"],
        "message_id": said["messages"][0]["id"],
        "role": "user",
    }
    assert (first["source_kind"], first["source_id"]) == ("session", session["id"])
    assert first["meta"] == {**routing, "event_type": "session.message.created"}
    more = {"sequence": 1, "text": "Hello", "session_key": "chat-1"}
    assert first["event"] == {**routing, **more}
    assert len(second["event"]["text"]) == TEXT_CHARS_MAX
    assert second["event"]["text_truncated"] is True
    rows = SourceEvent.objects.filter(event_type="session.message.created")
    assert not rows.filter(dispatched_at=None).exists()


def test_a_message_may_name_the_run_it_is_written_for(
    api: Api, stranger: Api, session: Body
) -> None:
    run_id = api.post("runs", {"spec": ONE_STEP}).json()["id"]
    elsewhere = stranger.post("runs", {"spec": ONE_STEP}).json()["id"]
    path = f"sessions/{session['id']}/messages"
    body = {"messages": [message("done")]}

    assert api.post(path, {**body, "run_id": run_id}).status_code == 200
    assert problems(api.post(path, {**body, "run_id": elsewhere})) == ["run_id"]

    event = SourceEvent.objects.get(event_type="session.message.created")
    assert (event.run_id, event.depth) == (run_id, 1)


def test_previews_are_the_agents_own_limited_and_stored_nowhere(
    api: Api,
    api_as: Callable[[str], Api],
    session: Body,
    speaker: Api,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = f"sessions/{session['id']}/previews"
    monkeypatch.setattr(session_views, "PREVIEWS_PER_MINUTE_MAX", 3)

    assert speaker.post(path, {"data": {"text": "He"}}).status_code == 204
    assert api_as("Operator").post(path, {"data": {}}).status_code == 403
    assert problems(speaker.post(path, {"type": "user.message", "data": {}})) == [
        "type"
    ]
    assert speaker.post(path, {"data": {"a": "x" * 17_000}}).status_code == 413
    assert speaker.post(path, {"data": {}}).status_code == 204
    limited = speaker.post(path, {"data": {}})

    assert (limited.status_code, limited.json()["code"]) == (429, "rate_limit_exceeded")
    assert limited.headers["Retry-After"]
    assert stored(session) == []
    assert not SourceEvent.objects.filter(public=True).exists()
