"""The routes that the ASGI application holds itself: who is let in."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.permission_table import HELD
from tests.contract.worlds import bad_keys, make_world
from tests.support.factories import make_api
from tests.support.remote import Remote
from tests.support.server import running_server
from tests.support.sse import EventStream

#: A claim finds nothing, and a socket wants an upgrade.
UNLIKE = {"/jobs/claim": 204, "/workers/socket": 426}


@pytest.fixture
def held(transactional_db: None) -> Iterator[str]:
    """The base URL of a running web process."""
    with running_server() as url:
        yield url


def ask_held(url: str, key: str, method: str, path: str, body: Any) -> tuple[int, Any]:
    """Send one request to a held route; of a stream only the status is read."""
    if method == "POST":
        reply = Remote(url, key).post(path, body)
        return reply.status, reply.body
    with EventStream(url + path, key) as stream:
        return stream.status, None if stream.status == 200 else stream.json()


def test_nobody_opens_a_held_route_without_a_good_key(held: str) -> None:
    acme = make_world("acme")
    keys = bad_keys(acme)

    for (method, below), rule in HELD.items():
        for kind, key in keys.items():
            path = acme.path(below)
            status, answer = ask_held(held, key, method, path, rule.body)
            assert (below, kind, status) == (below, kind, 401)
            assert answer["code"] == "unauthorized"


def test_a_held_route_needs_its_permission_and_no_other(held: str) -> None:
    acme = make_world("acme")

    for (method, below), rule in HELD.items():
        path = acme.path(below)
        others = [p for p in type(rule.permission) if p is not rule.permission]
        for key in (acme.key(), acme.key(*others)):
            status, answer = ask_held(held, key, method, path, rule.body)
            assert (below, status) == (below, 403)
            assert answer["details"] == {"permission": rule.permission.value}
        allowed = acme.key(rule.permission)
        status, _ = ask_held(held, allowed, method, path, rule.body)
        assert (below, status) == (below, UNLIKE.get(below, 200))


def test_held_routes_show_nothing_of_another_project(held: str) -> None:
    acme, globex = make_world("acme"), make_world("globex")
    key = make_api(acme.project, role="Owner").key

    for (method, below), rule in HELD.items():
        theirs = globex.path(below)
        paths = [theirs, theirs.replace("/globex", "/nowhere")]
        if "{" in below:
            paths.append(acme.path(below, globex.ids))
        for path in paths:
            status, answer = ask_held(held, key, method, path, rule.body)
            assert (path, status, answer["code"]) == (path, 404, "not_found")
