"""The admin pages of definitions."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from apps.workflows.models import Spec, Workflow, WorkflowVersion
from tests.workflows.conftest import Create


@pytest.fixture
def chief(db: None) -> Client:
    """Somebody who may see everything on the pages."""
    client = Client()
    client.force_login(User.objects.create_superuser("chief", "", "secret-secret"))
    return client


def pages(row: Any) -> list[str]:
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}"
    return [reverse(f"{name}_changelist"), reverse(f"{name}_change", args=[row.pk])]


@pytest.mark.parametrize("model", [Workflow, WorkflowVersion, Spec])
def test_every_page_of_definitions_opens_and_writes_nothing(
    create: Create, chief: Client, model: Any
) -> None:
    create()
    row = model.objects.get()

    for page in pages(row):
        assert chief.get(page).status_code == 200
        assert chief.get(page, {"q": "ingest"}).status_code == 200
    assert chief.post(pages(row)[1], {"name": "x"}).status_code == 403


def test_a_workflow_links_to_its_versions_and_runs(
    create: Create, chief: Client
) -> None:
    made = create()

    page = chief.get(pages(Workflow.objects.get())[1]).content.decode()
    versions = reverse("admin:workflows_workflowversion_changelist")
    runs = reverse("admin:runs_run_changelist")

    assert f"{versions}?workflow__id__exact={made['id']}" in page
    assert f"{runs}?workflow_id={made['id']}" in page
    for address in (
        f"{versions}?workflow__id__exact={made['id']}",
        f"{runs}?workflow_id={made['id']}",
    ):
        assert chief.get(address).status_code == 200


def test_a_version_shows_its_spec(create: Create, chief: Client) -> None:
    create()

    page = chief.get(pages(WorkflowVersion.objects.get())[1]).content.decode()

    assert "doc.parse" in page
    assert "Ingest document" in page
