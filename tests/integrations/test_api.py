"""Integrations over the API: made, listed, changed, deleted, by whom."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.identity.models import Project
from apps.integrations.models import Integration
from tests.integrations.scenes import GMAIL_CONFIG, connect, deliver, events_of
from tests.integrations.senders import SECRET, github
from tests.support.api import Api
from tests.support.frozen import FrozenClock

HOOK = {"name": "code", "provider": "github", "secret": SECRET}


def test_an_integration_is_made_with_an_address_nobody_can_guess(
    api: Api, project: Project
) -> None:
    made = connect(api, "github", name="code")
    other = connect(api, "github", name="other")

    assert len(made["handle"]) == len(other["handle"]) == 32
    assert made["handle"] != other["handle"]
    assert made["receive_url"].endswith(f"/v1/integrations/github/{made['handle']}")
    assert made["id"].startswith("intg_")
    row = Integration.objects.get(id=made["id"])
    assert (row.project_id, row.name, row.enabled) == (project.id, "code", True)
    assert made == {
        "id": row.id,
        "name": "code",
        "provider": "github",
        "enabled": True,
        "config": {},
        "has_secret": True,
        "handle": row.handle,
        "receive_url": made["receive_url"],
        "created_by": row.created_by,
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
    }
    assert row.created_by.startswith("prin_")
    assert api.get(f"integrations/{row.id}").json() == made


def test_a_gmail_integration_has_a_config_and_no_secret(api: Api) -> None:
    made = connect(api, "gmail")

    assert made["config"] == {
        **GMAIL_CONFIG,
        "public_keys": [
            {n: GMAIL_CONFIG["public_keys"][0][n] for n in ("kty", "n", "e", "kid")}
        ],
    }
    assert "has_secret" not in made


def test_integrations_are_listed_newest_first_and_filtered(
    api: Api, frozen: FrozenClock
) -> None:
    ids = {}
    for provider in ("github", "slack", "jira"):
        frozen.tick(seconds=1)
        ids[provider] = connect(api, provider)["id"]
    frozen.tick(seconds=1)
    ids["off"] = connect(api, "github", name="off", enabled=False)["id"]

    def listed(query: str) -> list[str]:
        items = api.get(f"integrations{query}").json()["items"]
        return [item["id"] for item in items]

    assert listed("") == [ids["off"], ids["jira"], ids["slack"], ids["github"]]
    assert listed("?provider=github") == [ids["off"], ids["github"]]
    assert listed("?provider=github&enabled=true") == [ids["github"]]
    assert listed("?enabled=false") == [ids["off"]]
    assert listed("?provider=linear") == []
    first = api.get("integrations?limit=3").json()
    assert (len(first["items"]), first["has_more"]) == (3, True)
    assert listed(f"?cursor={first['next_cursor']}") == [ids["github"]]


@pytest.mark.parametrize("query", ["provider=trello", "enabled=maybe", "limit=0"])
def test_a_filter_that_is_none_is_refused(api: Api, query: str) -> None:
    answer = api.get(f"integrations?{query}")

    assert answer.status_code == 400
    assert answer.json()["details"]["path"] == query.split("=")[0]


def test_the_list_says_when_each_integration_last_heard_something(
    api: Api, frozen: FrozenClock
) -> None:
    heard, silent = connect(api), connect(api, name="silent")
    deliver(heard, github(id="1"))
    deliver(heard, github(id="2"))
    frozen.tick(minutes=5)
    deliver(heard, github(id="3"))
    deliver(heard, github(id="1"))

    shown = {one["id"]: one for one in api.get("integrations").json()["items"]}

    assert shown[heard["id"]]["last_event_at"] == "2026-05-04T12:05:00.000000Z"
    assert "last_event_at" not in shown[silent["id"]]


def test_an_integration_is_changed(api: Api, frozen: FrozenClock) -> None:
    made = connect(api, "gmail")
    config = {"service_account_email": "other@example.com"}
    frozen.tick(hours=1)

    changed = api.patch(
        f"integrations/{made['id']}",
        {"name": "mail", "enabled": False, "config": config, "provider": "gmail"},
    )

    assert changed.status_code == 200
    assert changed.json() == {
        **made,
        "name": "mail",
        "enabled": False,
        "config": config,
        "updated_at": "2026-05-04T13:00:00.000000Z",
    }
    assert api.patch(f"integrations/{made['id']}", {}).json() == changed.json()


def test_a_name_is_there_once_in_a_project(api: Api, stranger: Api) -> None:
    connect(api, "github", name="code")
    other = connect(api, "slack", name="chat")

    for answer in (
        api.post("integrations", {**HOOK, "provider": "linear"}),
        api.patch(f"integrations/{other['id']}", {"name": "code"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
        assert answer.json()["details"] == {"path": "name", "name": "code"}
    assert stranger.post("integrations", HOOK).status_code == 201


def test_a_deleted_integration_leaves_its_events(api: Api) -> None:
    made = connect(api)
    deliver(made, github())

    assert api.delete(f"integrations/{made['id']}").status_code == 204

    assert api.get(f"integrations/{made['id']}").status_code == 404
    assert api.delete(f"integrations/{made['id']}").status_code == 404
    assert events_of(made) == ["github.pull_request.opened"]
    assert len(api.get("source-events").json()["items"]) == 1


def test_creating_with_a_key_twice_is_once(api: Api) -> None:
    once = {"Idempotency-Key": "hook-1"}

    first = api.post("integrations", HOOK, **once)
    second = api.post("integrations", HOOK, **once)
    another = api.post("integrations", {**HOOK, "secret": "another-secret"}, **once)

    assert (first.status_code, second.json()) == (201, first.json())
    assert second["Idempotency-Replayed"] == "true"
    assert another.json()["code"] == "idempotency_key_conflict"
    assert Integration.objects.count() == 1


@pytest.mark.parametrize(
    ("role", "sees", "manages"),
    [
        ("Owner", 200, 201),
        ("Admin", 200, 201),
        ("Editor", 200, 201),
        ("Operator", 200, 403),
        ("Viewer", 200, 403),
        ("Worker", 403, 403),
    ],
)
def test_viewers_look_and_editors_manage(
    api: Api, api_as: Callable[[str], Api], role: str, sees: int, manages: int
) -> None:
    made, caller = connect(api), api_as(role)
    path = f"integrations/{made['id']}"

    assert caller.get("integrations").status_code == sees
    assert caller.get(path).status_code == sees
    assert caller.post("integrations", HOOK).status_code == manages
    allowed = manages == 201
    changed = caller.patch(path, {"enabled": False}).status_code
    assert changed == (200 if allowed else 403)
    assert caller.delete(path).status_code == (204 if allowed else 403)


def test_for_a_stranger_there_is_nothing(api: Api, stranger: Api) -> None:
    made = connect(api)
    path = f"integrations/{made['id']}"
    theirs = f"/v1/projects/{api.project}/integrations"

    calls: list[tuple[str, str, Any]] = [
        ("get", theirs, None),
        ("post", theirs, HOOK),
        *(("get", f"{base}{path[12:]}", None) for base in (theirs, "integrations")),
        *(("patch", f"{base}{path[12:]}", {}) for base in (theirs, "integrations")),
        *(("delete", f"{base}{path[12:]}", None) for base in (theirs, "integrations")),
    ]
    for method, url, body in calls:
        answer = stranger.call(method, url, body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert stranger.get("integrations").json()["items"] == []
    assert Integration.objects.count() == 1
