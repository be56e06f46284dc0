"""``GET catalog/events``: every type that can be matched, by prefix."""

from collections.abc import Callable

import pytest

from apps.identity.models import Project
from apps.source_events.catalog import TYPES
from tests.integrations.scenes import connect
from tests.support.api import Api

pytestmark = pytest.mark.django_db


def test_the_catalogue_lists_every_public_type_under_its_prefix(api: Api) -> None:
    body = api.get("catalog/events").json()

    assert body.keys() == {"items", "reserved_prefixes", "has_more"}
    listed = {
        event_type["name"]: item["prefix"]
        for item in body["items"]
        for event_type in item["event_types"]
    }
    public = [entry for entry in TYPES if entry.public]
    expected = {name for entry in public for name in (entry.name, *entry.members)}
    assert listed.keys() == expected
    assert all(name.startswith(f"{prefix}.") for name, prefix in listed.items())
    integrations = [item for item in body["items"] if item["kind"] == "integration"]
    assert [item["prefix"] for item in integrations] == [
        *("github", "linear", "slack", "gmail", "jira"),
    ]
    assert {item["readiness"] for item in integrations} == {"needs_setup"}
    assert {one["kind"] for one in body["reserved_prefixes"]} == {
        "capability",
        "utility",
    }


def test_an_entry_of_the_catalogue_says_all_there_is_to_know(api: Api) -> None:
    items = {item["prefix"]: item for item in api.get("catalog/events").json()["items"]}

    table = items["table"]
    assert (table["kind"], table["readiness"]) == ("capability", "ready")
    assert "readiness_reason" not in table
    entry = next(
        one for one in table["event_types"] if one["name"] == "table.row.inserted"
    )
    assert entry == {
        "name": "table.row.inserted",
        "description": "A table row is inserted.",
        "triggerable": True,
        "waitable": True,
        "source_kind": "table_row",
        "meta_fields": ["table_name", "table_id", "row_id"],
        "event_schema": {
            "type": "object",
            "properties": {
                "table_id": {"type": "string"},
                "row_id": {"type": "string"},
            },
            "required": ["table_id", "row_id"],
        },
        "meta_schema": {
            "type": "object",
            "properties": {
                name: {"type": "string"}
                for name in ("event_type", "table_name", "table_id", "row_id")
            },
            "required": ["event_type", "table_name", "table_id", "row_id"],
        },
        "example": {
            "event_type": "table.row.inserted",
            "source_kind": "table_row",
            "source_id": "tbl_01...",
            "event": {"table_id": "tbl_01...", "row_id": "row_01..."},
            "meta": {
                "event_type": "table.row.inserted",
                "table_name": "orders",
                "table_id": "tbl_01...",
                "row_id": "row_01...",
            },
        },
    }
    (signal,) = items["signal"]["event_types"]
    assert (signal["triggerable"], signal["waitable"]) == (False, True)
    assert items["github"]["readiness_reason"] == "not_connected"


def test_a_provider_is_ready_while_the_project_has_an_enabled_integration(
    api: Api, stranger: Api
) -> None:
    made = connect(api, "github")
    connect(api, "gmail", enabled=False)
    connect(stranger, "slack")

    def ready() -> set[str]:
        items = api.get("catalog/events").json()["items"]
        found = [item for item in items if item["kind"] == "integration"]
        reasons = {item.get("readiness_reason") for item in found}
        assert reasons <= {None, "not_connected"}
        return {item["prefix"] for item in found if item["readiness"] == "ready"}

    assert ready() == {"github"}
    api.patch(f"integrations/{made['id']}", {"enabled": False})
    assert ready() == set()
    api.patch(f"integrations/{made['id']}", {"enabled": True})
    assert ready() == {"github"}
    api.delete(f"integrations/{made['id']}")
    assert ready() == set()


def test_viewers_read_the_catalogue_and_strangers_do_not(
    project: Project, api_as: Callable[[str], Api], stranger: Api
) -> None:
    assert api_as("Viewer").get("catalog/events").status_code == 200
    assert api_as("Worker").get("catalog/events").status_code == 403
    path = f"/v1/projects/{project.handle}/catalog/events"
    assert stranger.get(path).status_code == 404
