"""What tests of agents share: agents, sessions, what is said in them."""

from typing import Any

from apps.agents.models import SessionMessage
from apps.identity.models import Principal
from tests.support.api import Api
from tests.support.factories import make_key

Body = dict[str, Any]


def make_agent(api: Api, name: str = "helper", **more: Any) -> Body:
    """A new agent, as the API shows it."""
    made = api.post("agents", {"name": name, **more})
    assert made.status_code == 201, made.json()
    return dict(made.json())


def api_of(agent: Body, project: str) -> Api:
    """A client with a key of the agent's own principal."""
    return Api(project, make_key(Principal.objects.get(id=agent["principal_id"])))


def open_session(api: Api, agent: Body, **more: Any) -> Body:
    """A session with the agent, as the API shows it."""
    opened = api.post("sessions", {"agent_id": agent["id"], **more})
    assert opened.status_code == 200, opened.json()
    return dict(opened.json())


def message(content: Any, role: str = "user", **more: Any) -> Body:
    """A message to send."""
    return {"role": role, "content": content, **more}


def say(api: Api, session: Body, *contents: Any, role: str = "user") -> Body:
    """Say all of it in one request; the session with what was written."""
    body = {"messages": [message(content, role) for content in contents]}
    answer = api.post(f"sessions/{session['id']}/messages", body)
    assert answer.status_code == 200, answer.json()
    return dict(answer.json())


def stored(session: Body) -> list[tuple[int, str]]:
    """Number and text of each message of a session, in order."""
    rows = SessionMessage.objects.filter(session_id=session["id"]).order_by("sequence")
    return [(row.sequence, row.content[0].get("text", "")) for row in rows]


def problems(answer: Any) -> list[str]:
    """The places of what was wrong with a request."""
    assert answer.status_code == 400, answer.json()
    return [field["path"] for field in answer.json()["details"]["fields"]]
