"""What the built-in roles are answered where one permission does not say it all.

Beside ``permission_table``: the keys of an organization, what an archived project still
takes, what a role may that has more than a route asks for.
"""

from collections.abc import Mapping
from typing import Final

from apps.identity.permissions import Permission as P
from tests.contract.permission_table import IN_PROJECT, Rule

Route = tuple[str, str]

#: Paths that only keys of an organization may call; others name a project in
#: ``project_id``.
OF_ORGANIZATION: Final[Mapping[Route, Rule]] = {
    ("GET", "/v1/api-keys"): Rule(P.ACCESS_MANAGE),
    ("POST", "/v1/api-keys"): Rule(P.ACCESS_MANAGE, {"name": "m", "role": "Viewer"}),
    ("GET", "/v1/api-keys/{key_id}"): Rule(P.ACCESS_MANAGE),
    ("PATCH", "/v1/api-keys/{key_id}"): Rule(P.ACCESS_MANAGE, {"name": "n"}),
    ("DELETE", "/v1/api-keys/{key_id}"): Rule(P.ACCESS_MANAGE),
    ("POST", "/v1/api-keys/{key_id}/rotate"): Rule(P.ACCESS_MANAGE, {}),
}

#: What an archived project still takes: it sees runs to their end, or takes access
#: away.
WHILE_ARCHIVED: Final = {
    ("DELETE", ""),
    ("POST", "/archive"),
    ("POST", "/restore"),
    ("DELETE", "/api-keys/{key_id}"),
    ("DELETE", "/members/{user_id}"),
    ("DELETE", "/role-assignments/{assignment_id}"),
    ("POST", "/source-events"),
    ("POST", "/source-events/batch"),
    # Runs under way may wait for what an agent says.
    ("POST", "/sessions/{session}/messages"),
    ("POST", "/sessions/{session}/previews"),
    ("DELETE", "/agents/{agent}"),
    ("POST", "/runs/cancellations"),
    ("POST", "/runs/{run_id}/cancellations"),
    ("POST", "/runs/{run_id}/cancel"),
    ("POST", "/runs/{run_id}/resumptions"),
    ("POST", "/runs/{run_id}/signals"),
    ("POST", "/runs/{run_id}/usage"),
    ("POST", "/jobs/claim"),
    *(route for route in IN_PROJECT if route[1].startswith("/jobs/")),
    *(
        route
        for route in IN_PROJECT
        if route[0] == "POST" and route[1].startswith("/interactions/{interaction_id}/")
    ),
}

#: Who manages the organization's projects reaches these of each of them, from any.
REACHED: Final = {route for route in IN_PROJECT if not route[1].count("/")} | {
    ("POST", "/archive"),
    ("POST", "/restore"),
}

_KEEPERS: Final = ("Owner", "Admin")
_BUILDING: Final = (*_KEEPERS, "Editor")
_STEERING: Final = (*_KEEPERS, "Editor", "Operator")


def _answered(verb: str, status: int) -> tuple[Route, Mapping[str, int]]:
    route = ("POST", f"/interactions/{{interaction_id}}/{verb}")
    return route, dict.fromkeys(_STEERING, status)


#: route -> role -> status, where it is not that of ``THEN``: they hold more than the
#: route asks for.
AS_ROLE: Final[Mapping[Route, Mapping[str, int]]] = dict(
    [
        (("POST", "/api-keys/{key_id}/rotate"), dict.fromkeys(_KEEPERS, 200)),
        (("POST", "/agents"), dict.fromkeys(_BUILDING, 200)),
        (("POST", "/sessions/{session}/previews"), dict.fromkeys(_BUILDING, 200)),
        _answered("respond", 200),
        _answered("cancel", 200),
        _answered("links", 200),
        # It asks one person, who may not pass it on.
        _answered("claim", 400),
        _answered("release", 400),
        _answered("delegate", 400),
    ]
)
