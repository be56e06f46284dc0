"""Webhooks over the API: what is shown, what is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.identity.models import Project
from tests.support.api import Api
from tests.webhooks.scenes import happen, hook, patch, sent_to

#: What the clients know; they refuse anything else.
CLOSED = {
    *("id", "name", "url", "events", "enabled", "created_by", "updated_by", "tags"),
    *("secret_ref", "secret_version", "created_at", "updated_at"),
}
FIRST_CLIENTS = {
    *("id", "name", "url", "events", "enabled", "created_by"),
    *("created_at", "updated_at"),
}


def test_a_webhook_is_made_with_a_key_that_is_shown_once(api: Api) -> None:
    made = hook(api, events=["run.*", "custom.paid"], tags={"team": "ops"})
    again = api.get(f"webhooks/{made['id']}").json()

    assert made["id"].startswith("whk_")
    assert set(made) == CLOSED | {"signing_secret"}
    assert set(again) == CLOSED
    assert again == {n: v for n, v in made.items() if n != "signing_secret"}
    assert again["events"] == ["run.*", "custom.paid"]
    assert (again["enabled"], again["secret_version"]) == (True, 1)
    assert again["secret_ref"] == f"mobius/webhook/{made['id']}"


def test_a_webhook_with_a_secret_of_its_own_is_shown_in_the_first_words(
    api: Api,
) -> None:
    made = hook(api, secret="s3cret-of-mine", tags={"a": "b"})

    assert set(made) == FIRST_CLIENTS
    assert set(api.get(f"webhooks/{made['id']}").json()) == FIRST_CLIENTS


def test_only_the_name_is_needed(api: Api, project: Project) -> None:
    made = api.post("webhooks", {"name": "later"}).json()
    happen(project.id)

    assert (made["url"], made["events"], made["enabled"]) == ("", [], True)
    assert sent_to(made) == []


def test_a_name_is_taken_once_in_a_project(api: Api, stranger: Api) -> None:
    first, second = hook(api), hook(api, name="other")
    taken = api.post("webhooks", {"name": "hook"})
    renamed = api.patch(f"webhooks/{second['id']}", {"name": "hook"})

    assert taken.status_code == renamed.status_code == 409
    assert taken.json()["details"]["path"] == "name"
    assert hook(stranger)["name"] == first["name"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "n", "url": "ftp://example.com"}, "url"),
        ({"name": "n", "url": "http://127.0.0.1/"}, "url"),
        ({"name": "n", "url": "https://u:p@example.com"}, "url"),
        ({"name": "n", "url": "https://example.com:25/"}, "url"),
        ({"name": "n", "events": "run.*"}, "events"),
        ({"name": "n", "events": ["run.complete"]}, "events[0]"),
        ({"name": "n", "events": ["run.*", "*"]}, "events[1]"),
        ({"name": "n", "events": ["loop_run.continue"]}, "events[0]"),
        ({"name": "n", "events": ["r" * 200]}, "events[0]"),
        ({"name": "n", "enabled": "yes"}, "enabled"),
        ({"name": "n", "tags": {"mobius:x": "y"}}, "tags.mobius:x"),
        ({"name": "n", "secret": "s" * 1025}, "secret"),
        ({"name": "n", "color": "red"}, "color"),
    ],
)
def test_a_mistake_is_named(api: Api, body: dict[str, Any], path: str) -> None:
    refused = api.post("webhooks", body)

    assert refused.status_code == 400
    assert refused.json()["details"]["path"] == path


def test_the_list_is_filtered_by_state_and_tags(api: Api) -> None:
    one = hook(api, name="one", tags={"team": "ops", "env": "prod"})
    two = hook(api, name="two", tags={"team": "dev"}, enabled=False)

    def ids(query: str) -> list[str]:
        return [item["id"] for item in api.get(f"webhooks?{query}").json()["items"]]

    assert ids("") == [two["id"], one["id"]]
    assert ids("enabled=true") == [one["id"]]
    assert ids("enabled=false") == [two["id"]]
    assert ids("tag=team:ops") == ids("tag=env") == ids("tag=env:*") == [one["id"]]
    assert ids("tag=team:ops,dev") == [two["id"], one["id"]]
    assert ids("tag=team:dev&tag=env") == []
    assert api.get("webhooks?enabled=maybe").status_code == 400
    assert api.get("webhooks?tag=%00").status_code == 400


def test_a_change_touches_what_it_names(api: Api) -> None:
    made = hook(api, events=["run.*"], tags={"a": "b"})
    changed = patch(api, made, name="renamed", events=[], tags={})

    assert (changed["name"], changed["events"], changed["tags"]) == ("renamed", [], {})
    assert changed["url"] == made["url"]
    assert "signing_secret" not in changed


def test_what_is_deleted_is_gone_with_its_deliveries_and_its_name_is_free(
    api: Api, project: Project
) -> None:
    made = hook(api)
    happen(project.id)

    assert api.delete(f"webhooks/{made['id']}").status_code == 204

    for path in ("", "/deliveries"):
        assert api.get(f"webhooks/{made['id']}{path}").status_code == 404
    (waiting,) = sent_to(made)
    assert (waiting.status, waiting.last_error) == ("failed", "the webhook was deleted")
    happen(project.id)
    assert len(sent_to(made)) == 1
    hook(api)


def test_another_projects_webhook_does_not_exist(
    api: Api, stranger: Api, project: Project
) -> None:
    made = hook(api)
    happen(project.id)
    (delivery,) = sent_to(made)
    path = f"webhooks/{made['id']}"
    one = f"{path}/deliveries/{delivery.id}"
    other = hook(stranger)

    for call in (
        stranger.get(path),
        stranger.patch(path, {"enabled": False}),
        stranger.delete(path),
        stranger.post(f"{path}/secret/rotate"),
        stranger.post(f"{path}/ping"),
        stranger.get(f"{path}/deliveries"),
        stranger.get(one),
        stranger.post(f"{one}/redeliver"),
        stranger.get(f"webhooks/{other['id']}/deliveries/{delivery.id}"),
    ):
        assert call.status_code == 404


@pytest.mark.parametrize(
    ("role", "reads", "writes"),
    [
        ("Admin", 200, 201),
        ("Editor", 200, 201),
        ("Operator", 200, 403),
        ("Viewer", 200, 403),
        ("Worker", 403, 403),
    ],
)
def test_a_role_may_what_it_says(
    api_as: Callable[[str], Api], role: str, reads: int, writes: int
) -> None:
    caller = api_as(role)

    assert caller.get("webhooks").status_code == reads
    assert caller.post("webhooks", {"name": "n"}).status_code == writes
