"""The routes that the ASGI application holds itself, and the worker socket."""

import json
from collections.abc import Iterator

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.contract.matrix import Answer, Findings, Question, ask_all
from tests.contract.permission_table import HELD
from tests.contract.places import make_places
from tests.contract.worlds import bad_keys, make_world
from tests.support.factories import make_api
from tests.support.remote import Remote
from tests.support.server import running_server
from tests.support.sse import EventStream


@pytest.fixture
def held(transactional_db: None) -> Iterator[str]:
    """The base URL of a running web process."""
    with running_server() as url:
        yield url


def send_to(url: str, question: Question) -> Answer:
    """Ask the process at ``url``; of a run's stream the first frame is read, of an
    endless one only the status, and of a socket whether it opens."""
    key, method, path, body = question
    if path.endswith("/workers/socket"):
        return _knock(url.replace("http", "ws", 1) + path, key)
    if method == "POST":
        reply = Remote(url, key).post(path, body)
        text = json.dumps(reply.body) + str(reply.headers)
        return Answer(reply.status, text, reply.body)
    with EventStream(url + path, key) as stream:
        if stream.status != 200:
            found = stream.json()
            return Answer(stream.status, json.dumps(found), found)
        if path.endswith("/runs/events"):
            return Answer(200, "", None)
        frame = stream.next()
        return Answer(200, json.dumps(frame.data if frame else {}), None)


def _knock(address: str, key: str) -> Answer:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        with connect(address, additional_headers=headers, compression=None):
            return Answer(200, "", None)
    except InvalidStatus as refused:
        text = (refused.response.body or b"{}").decode()
        return Answer(refused.response.status_code, text, json.loads(text))


def test_every_held_route_in_every_role_and_situation(held: str) -> None:
    places = make_places()
    findings = Findings.among(places)

    expected = ask_all(places, HELD, findings, lambda question: send_to(held, question))

    findings.conclude(expected)


def test_a_held_route_needs_a_good_key_its_permission_and_a_project(held: str) -> None:
    acme = make_world("acme")
    bad, owner = bad_keys(acme), make_api(acme.project, role="Owner").key

    for route, rule in HELD.items():
        path, body = acme.path(route[1]), acme.body(rule)
        nowhere = path.replace("/acme", "/nowhere")
        others = [p for p in type(rule.permission) if p is not rule.permission]
        asked = {
            **{kind: (key, path, 401) for kind, key in bad.items()},
            "nothing": (acme.key(), path, 403),
            "all others": (acme.key(*others), path, 403),
            "the one": (acme.key(rule.permission), path, 200),
            "nowhere": (owner, nowhere, 404),
        }
        for kind, (key, where, due) in asked.items():
            answer = send_to(held, Question(key, route[0], where, body))
            status = 200 if answer.status == 204 else answer.status
            assert (route, kind, status) == (route, kind, due)
            if due == 403:
                missing = {"permission": rule.permission.value}
                assert answer.body["details"] == missing


def test_a_socket_that_is_asked_for_without_an_upgrade_says_so(held: str) -> None:
    acme = make_world("acme")
    worker = Remote(held, make_api(acme.project, role="Worker").key)
    viewer = Remote(held, make_api(acme.project, role="Viewer").key)

    told = worker.get(acme.path("/workers/socket"))

    assert (told.status, told.body["code"]) == (426, "upgrade_required")
    assert told.headers["Upgrade"] == "websocket"
    assert viewer.get(acme.path("/workers/socket")).status == 403
