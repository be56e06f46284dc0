"""The admin pages of automations and loops."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from apps.triggers.models import Trigger
from apps.workflows.models import Workflow, WorkflowVersion
from tests.definitions.scenes import heard, linear, loop, publish, published, version
from tests.support.api import Api


@pytest.fixture
def chief(db: None) -> Client:
    """Somebody who may see everything on the pages."""
    client = Client()
    client.force_login(User.objects.create_superuser("chief", "", "secret-secret"))
    return client


def page(client: Client, address: str, **query: str) -> str:
    answer = client.get(address, query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_definition_shows_how_it_stands_and_what_it_has(
    api: Api, chief: Client
) -> None:
    made = published(api, linear(heard()))
    publish(api, "nightly", version(api, "nightly", linear(heard())))
    version(api, "nightly")

    shown = page(chief, reverse("admin:workflows_workflow_change", args=[made["id"]]))

    for word in ("Automation", "active", "published", "superseded", "draft", "v2"):
        assert word in shown
    triggers = reverse("admin:triggers_trigger_changelist")
    assert f"{triggers}?workflow_id={made['id']}" in shown
    assert "event-1" in page(chief, triggers, workflow_id=made["id"])
    assert "event-1" not in page(chief, triggers, workflow_id="aut_other")


def test_definitions_are_found_by_dialect_and_status(api: Api, chief: Client) -> None:
    published(api)
    loop(api, name="Watching")

    address = reverse("admin:workflows_workflow_changelist")

    assert "Watching" in page(chief, address)
    assert "Watching" not in page(chief, address, dialect__exact="automation")
    assert "Watching" not in page(chief, address, status__exact="paused")
    versions = reverse("admin:workflows_workflowversion_changelist")
    assert "Watching" in page(chief, versions, status__exact="published")
    assert "Watching" not in page(chief, versions, status__exact="draft")
    for row in WorkflowVersion.objects.all():
        page(chief, reverse("admin:workflows_workflowversion_change", args=[row.id]))


def test_a_trigger_links_to_its_definition_and_follows_it(
    api: Api, chief: Client
) -> None:
    made = loop(api, heard(key="paid"))
    row = Trigger.objects.get()

    shown = page(chief, reverse("admin:triggers_trigger_change", args=[row.id]))

    quoted = reverse("admin:workflows_workflow_change", args=[made["id"]])
    assert quoted.replace("_5F", "_") in shown.replace("_5F", "_")
    assert "Fire now" in shown
    assert "Stop this trigger?" not in shown
    assert Workflow.objects.get().dialect == "loop"
