"""The acceptance checklist of the published documents: what it says of sessions with
agents, on a running system with its own workers.

Item 43: server-sent events serve agent sessions. Items 34 and 37: the source event
``session.message.created`` starts runs and resumes those that wait.
"""

from typing import Any

from tests.support.remote import Remote
from tests.support.sse import EventStream
from tests.support.waiting import wait_until

CREATED = "session.message.created"


def open_session(remote: Remote) -> dict[str, Any]:
    """A session with a new agent."""
    agent = remote.post("agents", {"name": "helper"})
    assert agent.status == 201, agent.body
    opened = remote.post("sessions", {"agent_id": agent.body["id"]})
    assert opened.status == 200, opened.body
    return dict(opened.body)


def say(remote: Remote, session: dict[str, Any], text: str, role: str) -> str:
    """Say something; the id of the message."""
    body = {"messages": [{"role": role, "content": text}]}
    said = remote.post(f"sessions/{session['id']}/messages", body)
    assert said.status == 200, said.body
    return str(said.body["messages"][0]["id"])


def test_a_session_is_a_stream_that_can_be_resumed(remote: Remote) -> None:
    """Item 43."""
    session = open_session(remote)
    nested = f"agents/{session['agent_id']}/sessions/{session['id']}/events.stream"
    flat = remote.url(f"sessions/{session['id']}/stream")
    with EventStream(flat, remote.api_key) as stream:
        say(remote, session, "Hello", "user")
        say(remote, session, "Hi.", "agent")
        live = stream.take(2)
    with EventStream(remote.url(nested), remote.api_key, last_event_id="1") as again:
        (replayed,) = again.take(1)

    assert [(frame.id, frame.event) for frame in live] == [
        ("1", "user.message"),
        ("2", "agent.message"),
    ]
    assert replayed == live[1]


def test_a_message_starts_a_run_and_another_resumes_it(remote: Remote) -> None:
    """Items 34 and 37."""
    session = open_session(remote)
    wait = {
        "event_type": CREATED,
        "source_id": "{{ event.session_id }}",
        "condition": "meta.role == 'agent'",
    }
    made = remote.post(
        "loops",
        {
            "name": "Answers",
            "triggers": [
                {
                    "kind": "event",
                    "config": {
                        "event_type": CREATED,
                        "condition": "meta.role == 'user'",
                    },
                }
            ],
            "steps": [{"id": "answer", "kind": "wait_for_event", "config": wait}],
        },
    )
    assert made.status == 201, made.body
    message_id = say(remote, session, "What is late?", "user")
    runs = f"loops/{made.body['id']}/runs"
    wait_until(lambda: remote.get(runs).body["items"], every=0.05)
    (run,) = remote.get(runs).body["items"]
    assert run["meta"]["message_id"] == message_id
    remote.wait_for(run["id"], "suspended", "waiting")

    say(remote, session, "Nothing.", "agent")

    assert remote.wait_for(run["id"])["status"] == "completed"
