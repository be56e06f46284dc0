"""Who may open a stream, for how long, and what a wrong request is told."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection

from apps.identity.models import ApiKey, Principal, Project, RoleAssignment
from apps.kernel import clock
from apps.run_events.live import streams
from tests.run_events.conftest import Timeline, Watch
from tests.support.factories import make_key, make_principal, make_project
from tests.support.sse import EventStream
from tests.support.waiting import wait_until

PATHS = ["runs/{run}/events", "runs/{run}/events.stream", "runs/events"]


def get(url: str, key: str, **query: object) -> tuple[int, Any]:
    with EventStream(url, key, **query) as answer:  # type: ignore[arg-type]
        return answer.status, answer.json()


@pytest.mark.parametrize("path", PATHS)
def test_strangers_are_turned_away(
    server: str, home: Project, timeline: Timeline, path: str
) -> None:
    url = f"{server}/v1/projects/acme/{path.format(run=timeline.run.id)}"
    worker = make_key(make_principal(home, role="Worker"))
    stranger = make_key(make_principal(make_project("globex"), role="Admin"))

    assert get(url, "")[0] == 401
    assert get(url, "mbx_nobody")[0] == 401
    assert get(url, stranger)[0] == 404
    status, body = get(url, worker)
    assert (status, body["code"]) == (403, "permission_denied")
    assert body["error"]["details"] == {"permission": "mobius.run.view"}


def test_a_run_of_another_project_does_not_exist(
    server: str, home: Project, timeline: Timeline
) -> None:
    stranger = make_key(make_principal(make_project("globex"), role="Admin"))

    status, body = get(
        f"{server}/v1/projects/globex/runs/{timeline.run.id}/events", stranger
    )

    assert (status, body["code"]) == (404, "not_found")


@pytest.mark.parametrize("name", ["since", "since_sequence", "after_sequence"])
@pytest.mark.parametrize("value", ["-1", "abc", "1.5", "٣", "1" * 30])
def test_a_place_that_cannot_be_read_is_named(
    server: str, key: str, timeline: Timeline, name: str, value: str
) -> None:
    url = f"{server}/v1/projects/acme/runs/{timeline.run.id}/events"

    status, body = get(url, key, **{name: value})

    assert (status, body["details"]["path"]) == (400, name)


@pytest.mark.parametrize("value", ["17", "a.b", "1.2.3", "1.", "-1.4"])
def test_a_project_position_that_cannot_be_read_is_named(
    server: str, key: str, value: str
) -> None:
    url = f"{server}/v1/projects/acme/runs/events"

    assert get(url, key, since=value)[1]["details"]["path"] == "since"
    assert get(url, key, last_event_id=value)[1]["details"]["path"] == "Last-Event-ID"


@pytest.mark.parametrize("method", ["HEAD", "POST", "DELETE"])
def test_other_methods_are_answered_without_a_stream(
    server: str, key: str, timeline: Timeline, method: str
) -> None:
    parts = urlsplit(server)
    client = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    path = f"/v1/projects/acme/runs/{timeline.run.id}/events"
    client.request(method, path, headers={"Authorization": f"Bearer {key}"})
    answer = client.getresponse()
    body = answer.read()

    assert answer.status in (404, 405)
    assert method == "HEAD" or json.loads(body)["code"]
    client.close()


def end_key(principal: Principal) -> None:
    ApiKey.objects.filter(principal=principal).update(revoked_at=clock.now())


def disable(principal: Principal) -> None:
    Principal.objects.filter(id=principal.id).update(disabled=True)


def take_role_away(principal: Principal) -> None:
    RoleAssignment.objects.filter(principal=principal).delete()


@pytest.mark.parametrize("revoke", [end_key, disable, take_role_away])
@pytest.mark.parametrize("path", ["runs/{run}/events", "runs/events"])
def test_an_open_stream_ends_soon_after_its_key_lost_its_right(
    server: str, home: Project, timeline: Timeline, path: str, revoke: Any
) -> None:
    principal = make_principal(home, role="Viewer")
    url = f"{server}/v1/projects/acme/{path.format(run=timeline.run.id)}"
    with (
        EventStream(url, make_key(principal)) as lost,
        EventStream(url, make_key(make_principal(home, role="Viewer"))) as kept,
    ):
        wait_until(lambda: streams.count() == 2)

        revoke(principal)

        lost.rest(seconds=8)
        timeline.add("run.running")
        assert kept.until(lambda f: f.line == "run.running")


def test_a_stream_is_forgotten_as_soon_as_its_client_hangs_up(watch: Watch) -> None:
    first, second = watch(), watch("runs/events")
    wait_until(lambda: streams.count() == 2)

    first.close()
    wait_until(lambda: streams.count() == 1, seconds=3)
    second.close()
    wait_until(lambda: streams.count() == 0, seconds=3)

    assert not streams.manager.listeners_by_channel


def test_a_client_that_asks_only_for_json_gets_pages(
    watch: Watch, timeline: Timeline
) -> None:
    timeline.add("run.started", "step.started", "run.completed", step="parse")

    first = watch(accept="application/json", limit=2).json()
    second = watch(accept="application/json", since_sequence=2).json()

    assert [item["sequence"] for item in first["items"]] == [1, 2]
    assert (first["has_more"], first["next_sequence"]) == (True, 2)
    assert [item["event_type"] for item in second["items"]] == ["run.completed"]
    assert (second["has_more"], second["next_sequence"]) == (False, 3)
    assert set(first["items"][0]) == {
        "id",
        "project_id",
        "run_id",
        "sequence",
        "event_type",
        "payload",
        "created_at",
    }


@pytest.mark.parametrize(
    "accept", [None, "*/*", "text/event-stream", "application/json, text/event-stream"]
)
def test_every_other_accept_header_gets_the_stream(
    watch: Watch, accept: str | None
) -> None:
    assert watch(accept=accept).headers["content-type"] == "text/event-stream"


def test_the_answer_carries_the_request_id_and_the_rate_limit(
    server: str, key: str, timeline: Timeline
) -> None:
    parts = urlsplit(server)
    client = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    client.request(
        "GET",
        f"/v1/projects/acme/runs/{timeline.run.id}/events",
        headers={
            "Authorization": f"Bearer {key}",
            "X-Request-ID": "mine-1",
            "Accept": "application/json",
        },
    )
    answer = client.getresponse()

    assert json.loads(answer.read())["items"] == []
    assert answer.headers["x-request-id"] == "mine-1"
    assert int(answer.headers["X-RateLimit-Remaining"]) > 0
    client.close()


def test_an_idle_stream_holds_no_database_transaction(
    watch: Watch, timeline: Timeline
) -> None:
    for _ in range(5):
        watch().take(1)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND state LIKE 'idle in transaction%'"
        )
        assert cursor.fetchone() == (0,)
