"""What is changed is written down: by whom, from where, before and after."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from apps.audit.models import AuditRecord
from apps.audit.watched import UNWATCHED, WATCHED
from apps.identity.models import Project, RoleAssignment
from apps.secrets.fields import sealed_columns
from tests.support.api import Api
from tests.support.factories import (
    make_api,
    make_organization_api,
    make_project_beside,
)

pytestmark = pytest.mark.django_db(transaction=True)

SPEC = {"name": "report", "steps": [{"name": "a", "action": "b"}]}
TRIGGER = {"kind": "manual", "targets": [{"workflow_id": "report"}]}


def records(**filters: Any) -> list[AuditRecord]:
    return list(AuditRecord.objects.filter(**filters).order_by("number"))


def last(**filters: Any) -> AuditRecord:
    return AuditRecord.objects.filter(**filters).latest("created_at")


def test_a_change_over_the_api_names_key_address_and_program(
    api: Api, project: Project
) -> None:
    made = api.post("workflows", {"name": "Report", "handle": "report", "spec": SPEC})
    headers = {"User-Agent": "probe/1", "Idempotency-Key": "k1"}
    api.call("patch", "workflows/report", {"name": "Better report"}, **headers)

    found = last(resource_type="definition")

    assert (found.action, found.resource_id) == ("update", made.json()["id"])
    assert found.resource_name == "Better report"
    assert found.changes == {"name": {"before": "Report", "after": "Better report"}}
    assert found.project_id == project.id
    assert found.organization_id == project.organization_id
    assert found.actor["source"] == "api"
    assert found.actor["credential_id"].startswith("key_")
    assert found.actor["principal_id"].startswith("prin_")
    assert found.actor["program"] == "probe/1"


def test_keys_of_an_organization_are_noted_under_it(api: Api, project: Project) -> None:
    organization = make_organization_api(project, role="Admin")
    beside = make_project_beside(project, "lab")
    made = organization.post("/v1/api-keys", {"name": "ops", "role": "Viewer"})
    Api("lab", organization.key).post("groups", {"name": "people"})
    assignment = RoleAssignment.objects.get(principal_id=made.json()["principal_id"])
    assignment.delete()

    found = last(resource_type="api_key", resource_id=made.json()["id"])
    assert (found.organization_id, found.project_id) == (project.organization_id, "")
    assert found.actor["principal_id"] == made.json()["created_by"]
    group = last(resource_type="group")
    assert group.project_id == beside.id
    assert group.actor["principal_kind"] == "system"
    gone = last(resource_type="role_assignment", action="delete")
    assert gone.organization_id == project.organization_id
    shown = make_api(project, role="Owner").get("/v1/audit-logs").json()["items"]
    assert {found.id, group.id} <= {each["id"] for each in shown}
    shown = api.get("/v1/audit-logs").json()["items"]
    assert not {found.id, group.id} & {each["id"] for each in shown}


def test_what_is_refused_leaves_no_record(api: Api, project: Project) -> None:
    before = AuditRecord.objects.count()

    assert api.post("workflows", {"name": "Broken", "spec": {}}).status_code == 400

    assert AuditRecord.objects.count() == before


def test_a_change_of_nothing_but_times_is_none(api: Api, project: Project) -> None:
    api.post("workflows", {"name": "Report", "handle": "report", "spec": SPEC})
    before = AuditRecord.objects.count()

    api.patch("workflows/report", {"name": "Report"})
    api.get("workflows")

    assert AuditRecord.objects.count() == before


def test_secrets_show_as_hidden(api: Api, project: Project) -> None:
    api.post("workflows", {"name": "Report", "handle": "report", "spec": SPEC})
    api.post("secrets", {"name": "token", "values": {"k": "very-secret-1"}})
    hook = {**TRIGGER, "name": "hook", "kind": "webhook", "webhook_secret": "secret-2"}
    trigger = api.post("triggers", hook).json()["id"]
    api.patch(f"triggers/{trigger}", {"webhook_secret": "secret-3"})

    changed = last(resource_type="trigger").changes

    assert changed == {
        "sealed_secret": {"before": "(hidden)", "after": "(hidden)"},
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(t::text, ' ') FROM audit_auditrecord t")
        whole = cursor.fetchone()
    assert whole is not None
    for secret in ("very-secret-1", "secret-2", "secret-3", "sealed:"):
        assert secret not in whole[0]


def test_a_change_in_the_admin_names_the_account(project: Project) -> None:
    account = User.objects.create_superuser("ada", password="pw-of-ada-1")
    client = Client()
    client.force_login(account)
    form = {"name": "Renamed", "handle": project.handle, "description": ""}

    client.post(f"/admin/identity/project/{project.id}/change/", form)

    found = last(resource_type="project", resource_id=project.id, action="update")
    assert found.changes["name"]["after"] == "Renamed"
    assert found.actor["source"] == "admin"
    assert found.actor["principal_name"] == "ada"
    assert records(resource_type="account")[0].changes["password"] == {
        "after": "(hidden)"
    }


def test_what_goes_with_its_owner_has_no_record_of_its_own(
    api: Api, project: Project
) -> None:
    api.post("workflows", {"name": "Report", "handle": "report", "spec": SPEC})

    api.delete("workflows/report")

    deleted = records(action="delete")
    assert [record.resource_type for record in deleted] == ["definition"]


def test_records_cannot_be_changed_or_deleted(api: Api, project: Project) -> None:
    found = records()[0]

    for statement in (
        "UPDATE audit_auditrecord SET action = 'none' WHERE id = %s",
        "DELETE FROM audit_auditrecord WHERE id = %s",
    ):
        with (
            pytest.raises(Exception, match="never changed"),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement, [found.id])


def test_every_table_is_watched_or_says_why_not() -> None:
    tables = set(connection.introspection.table_names())

    assert tables == WATCHED.keys() | UNWATCHED.keys()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid"
            " WHERE tgname = 'audit_watch'"
        )
        assert {row[0] for row in cursor.fetchall()} == set(WATCHED)


def test_every_sealed_column_of_a_watched_table_is_hidden() -> None:
    sealed = [(model._meta.db_table, name) for model, name in sealed_columns()]

    assert sealed
    for table, column in sealed:
        assert column in WATCHED[table].hidden
    assert apps.is_installed("apps.audit")


def test_the_log_is_read_with_filters(
    api: Api, api_as: Any, project: Project, stranger: Api
) -> None:
    made = api.post("workflows", {"name": "Report", "handle": "report", "spec": SPEC})
    workflow = made.json()["id"]
    api.patch("workflows/report", {"description": "daily"})

    page = api.get(f"audit-logs?resource_id={workflow}").json()

    assert [item["action"] for item in page["items"]] == ["update", "create"]
    only = api.get(f"audit-logs?resource_id={workflow}&action=create").json()["items"]
    assert [item["resource_name"] for item in only] == ["Report"]
    assert only[0]["credential_id"].startswith("key_")
    refused = api.get("audit-logs?action=steal")
    assert (refused.status_code, refused.json()["details"]["path"]) == (400, "action")
    assert api_as("Viewer").get("audit-logs").status_code == 403
    assert stranger.get(f"audit-logs?resource_id={workflow}").json()["items"] == []
