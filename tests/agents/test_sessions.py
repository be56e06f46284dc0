"""Sessions over HTTP: how they begin, go on and end."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from apps.agents.models import Session, SessionMessage
from apps.kernel import clock
from tests.agents.scenes import Body, make_agent, open_session, problems, say
from tests.support.api import Api


def test_a_session_is_new_each_time_without_a_key(api: Api, agent: Body) -> None:
    first = open_session(api, agent, title="Orders", metadata={"channel": "web"})
    second = open_session(api, agent)

    assert first["id"].startswith("ses_")
    assert first["id"] != second["id"]
    assert (first["title"], first["metadata"]) == ("Orders", {"channel": "web"})
    assert (first["status"], first["message_count"]) == ("active", 0)
    assert api.get(f"sessions/{first['id']}").json() == first


def test_a_key_finds_the_session_that_goes_on(api: Api, agent: Body) -> None:
    other = make_agent(api, "other")
    keyed: Body = {"session_key": "chat-1"}
    ask = {"agent_id": agent["id"], **keyed}

    nothing = api.post("sessions", {**ask, "mode": "continue"})
    first = open_session(api, agent, mode="continue_or_create", **keyed)
    found = open_session(api, agent, mode="continue", **keyed)
    again = open_session(api, agent, mode="continue_or_create", title="x", **keyed)
    refused = api.post("sessions", ask)
    of_other = open_session(api, other, **keyed)

    assert nothing.status_code == 404
    assert found == again == first
    assert (refused.status_code, refused.json()["code"]) == (409, "session_key_taken")
    assert refused.json()["details"]["session_id"] == first["id"]
    assert of_other["id"] != first["id"]


def test_a_closed_session_gives_its_key_away_and_may_not_take_it_back(
    api: Api, agent: Body
) -> None:
    keyed: Body = {"session_key": "chat-1", "mode": "continue_or_create"}
    first = open_session(api, agent, **keyed)

    closed = api.patch(f"sessions/{first['id']}", {"status": "closed"}).json()
    second = open_session(api, agent, **keyed)
    refused = api.patch(f"sessions/{first['id']}", {"status": "active"})
    api.patch(f"sessions/{second['id']}", {"status": "closed"})
    opened = api.patch(f"sessions/{first['id']}", {"status": "active"}).json()

    assert (closed["status"], bool(closed["closed_at"])) == ("closed", True)
    assert second["id"] != first["id"]
    assert (refused.status_code, refused.json()["code"]) == (409, "session_key_taken")
    assert opened["status"] == "active"
    assert "closed_at" not in opened
    assert say(api, opened, "again")["last_sequence"] == 1


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({}, ["agent_id"]),
        ({"mode": "resume"}, ["mode", "agent_id"]),
        ({"agent_id": "agt_1", "mode": "continue"}, ["session_key"]),
        ({"agent_id": "agt_1", "mode": "continue_or_create"}, ["session_key"]),
        ({"agent_id": "agt_1", "session_key": "k" * 256}, ["session_key"]),
        ({"agent_id": "agt_1", "title": 7}, ["title"]),
        ({"agent_id": "agt_1", "status": "closed"}, ["status"]),
    ],
)
def test_what_is_wrong_with_a_session_is_named(
    api: Api, body: Body, paths: list[str]
) -> None:
    assert problems(api.post("sessions", body)) == paths


def test_who_may_what(
    api: Api,
    api_as: Callable[[str], Api],
    stranger: Api,
    agent: Body,
    session: Body,
    speaker: Api,
) -> None:
    path = f"sessions/{session['id']}"
    writers = (api_as("Operator"), speaker)
    viewer, worker = api_as("Viewer"), api_as("Worker")

    for caller in writers:
        assert caller.patch(path, {"title": "t"}).status_code == 200
        assert caller.post("sessions", {"agent_id": agent["id"]}).status_code == 200
    assert viewer.get(path).status_code == 200
    assert viewer.get("sessions").status_code == 200
    assert worker.get(path).status_code == 403
    for caller in (viewer, worker):
        assert caller.patch(path, {"title": "t"}).status_code == 403
        assert caller.delete(path).status_code == 403
        assert caller.post("sessions", {"agent_id": agent["id"]}).status_code == 403
    for method, body in (("get", None), ("patch", {"title": "t"}), ("delete", None)):
        assert stranger.call(method, path, body).status_code == 404
    assert stranger.post("sessions", {"agent_id": agent["id"]}).status_code == 404


def test_lists_are_filtered(api: Api, agent: Body) -> None:
    other = make_agent(api, "other")
    first = open_session(api, agent, session_key="a")
    second = open_session(api, agent)
    third = open_session(api, other)
    api.patch(f"sessions/{second['id']}", {"status": "closed"})
    long_ago = clock.now() - timedelta(days=2)
    Session.objects.filter(id=first["id"]).update(updated_at=long_ago)

    def ids(path: str) -> list[str]:
        return [one["id"] for one in api.get(path).json()["items"]]

    of_agent = [second["id"], first["id"]]
    assert ids("sessions") == [third["id"], *of_agent]
    assert ids(f"sessions?agent_id={agent['id']}") == of_agent
    assert ids(f"agents/{agent['id']}/sessions") == of_agent
    assert ids(f"agents/{agent['id']}/sessions?status=closed") == [second["id"]]
    assert ids("sessions?agent_name=other") == [third["id"]]
    assert ids("sessions?session_key=a") == [first["id"]]
    since = (clock.now() - timedelta(days=1)).isoformat().replace("+00:00", "Z")
    assert ids(f"sessions?since={since}") == [third["id"], second["id"]]
    assert problems(api.get("sessions?since=yesterday")) == ["since"]
    assert problems(api.get("sessions?status=asleep")) == ["status"]
    assert api.get("agents/agt_none/sessions").status_code == 404


def test_a_deleted_session_is_gone_with_what_was_said(api: Api, session: Body) -> None:
    say(api, session, "Hello", "there")

    assert api.delete(f"sessions/{session['id']}").status_code == 204

    assert api.get(f"sessions/{session['id']}").status_code == 404
    assert api.delete(f"sessions/{session['id']}").status_code == 404
    assert not SessionMessage.objects.exists()


def test_one_request_opens_one_session(api: Api, agent: Body) -> None:
    body = {"agent_id": agent["id"]}
    once = {"Idempotency-Key": "open-1"}

    first, again = (api.post("sessions", body, **once) for _ in range(2))

    assert first.json() == again.json()
    assert Session.objects.count() == 1
