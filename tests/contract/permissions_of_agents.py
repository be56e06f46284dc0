"""Which permission each route of agents and sessions asks for, with a body that it
understands: a part of ``permission_table``, written by hand like the rest."""

from typing import Any, Final

from apps.identity.permissions import Permission as P

Asked = dict[tuple[str, str], tuple[P, Any]]

_MESSAGES: Final = {"messages": [{"role": "user", "content": "Hello"}]}

ROUTES: Final[Asked] = {
    ("GET", "/agents"): (P.AGENT_VIEW, None),
    ("POST", "/agents"): (P.AGENT_MANAGE, {"name": "made"}),
    ("GET", "/agents/{agent}"): (P.AGENT_VIEW, None),
    ("PATCH", "/agents/{agent}"): (P.AGENT_MANAGE, {"description": "d"}),
    ("DELETE", "/agents/{agent}"): (P.AGENT_MANAGE, None),
    ("GET", "/agents/{agent}/sessions"): (P.SESSION_VIEW, None),
    ("GET", "/sessions"): (P.SESSION_VIEW, None),
    ("POST", "/sessions"): (P.SESSION_WRITE, {"agent_id": "$agent"}),
    ("GET", "/sessions/{session}"): (P.SESSION_VIEW, None),
    ("PATCH", "/sessions/{session}"): (P.SESSION_WRITE, {"title": "t"}),
    ("DELETE", "/sessions/{session}"): (P.SESSION_WRITE, None),
    ("GET", "/sessions/{session}/messages"): (P.SESSION_VIEW, None),
    ("POST", "/sessions/{session}/messages"): (P.SESSION_WRITE, _MESSAGES),
    ("POST", "/sessions/{session}/previews"): (P.SESSION_WRITE, {"data": {}}),
}

#: What comes after the permission.
THEN: Final = {
    # An agent holds the role Agent: who holds less cannot make one.
    ("POST", "/agents"): 403,
    # Only the agent shows what it is about to say.
    ("POST", "/sessions/{session}/previews"): 403,
}

HELD: Final[Asked] = {
    ("GET", "/sessions/{session}/stream"): (P.SESSION_VIEW, None),
    ("GET", "/agents/{agent}/sessions/{session}/events.stream"): (P.SESSION_VIEW, None),
}
