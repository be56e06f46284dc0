"""Every change of configuration and every act of an administrator leaves a record."""

import json
import re
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client, RequestFactory

from apps.audit.models import AuditRecord
from apps.audit.watched import WATCHED
from apps.runs.models import Run
from mobius.settings import environment
from tests.admin.conftest import page_of
from tests.contract.permission_table import IN_PROJECT, OUTSIDE, Rule
from tests.contract.worlds import World, make_world
from tests.support.factories import make_api

pytestmark = pytest.mark.django_db

#: Work, not configuration: what happened is in timelines, fires, deliveries, the log of
#: actions and the history of questions.
WORK = re.compile(
    r"/(runs|jobs|interactions|source-events|sessions)(/.*)?"
    r"|/(workflows|automations|loops)/.*/runs|/triggers/.*/fire|/webhooks/.*/(ping|redeliver)"
)
#: Bodies that change something, where those of the table say what is so already.
CHANGES: dict[tuple[str, str], Any] = {
    ("PATCH", "/integrations/{integration}"): {"enabled": False},
    ("PATCH", "/triggers/{trigger}"): {"enabled": False},
    ("PATCH", "/members/{user_id}"): {"role_names": ["Operator"]},
}
#: What has to happen before there is something to change.
BEFORE = {
    ("POST", "/restore"): ["/archive"],
    ("POST", "/automations/{automation}/versions/{number}/publication"): [
        "/automations/{automation}/versions",
        "/automations/{automation}/versions/2/publication",
    ],
}
SHOWN_ONCE = ("key", "signing_secret", "webhook_secret", "url")


@pytest.fixture
def world() -> World:
    made = make_world("acme")
    write_down()
    return made


def write_down() -> None:
    """Have what waits for the commit written now."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def records() -> list[AuditRecord]:
    write_down()
    return list(AuditRecord.objects.order_by("created_at", "number"))


def secrets_of(answer: Any) -> Iterator[str]:
    """What an answer shows once."""
    if isinstance(answer, dict):
        for name, value in answer.items():
            if name in SHOWN_ONCE and isinstance(value, str) and value:
                yield value
            yield from secrets_of(value)


def test_every_write_route_leaves_a_record_or_is_work(world: World) -> None:
    api = make_api(world.project, role="Owner")
    writes: dict[tuple[str, str], Rule] = {
        (method, path): rule
        for (method, path), rule in (IN_PROJECT | OUTSIDE).items()
        if method != "GET"
    }
    silent: set[str] = set()
    for (method, below), rule in writes.items():
        path = below if below.startswith("/v1/") else world.path(below)
        body = CHANGES.get((method, below), world.body(rule))
        with transaction.atomic():
            for first in BEFORE.get((method, below), ()):
                rule = IN_PROJECT.get(("POST", first), Rule(rule.permission, {}))
                made = api.post(world.path(first), world.body(rule))
                assert made.status_code < 300, made.json()
            before = len(records())
            answer = api.call(method.lower(), path, body)
            found = records()[before:]
            transaction.set_rollback(True)
        if not found:
            assert WORK.fullmatch(below), (method, below, answer.content)
            silent.add(below)
            continue
        assert not WORK.fullmatch(below), (method, below)
        assert answer.status_code < 300, (method, below, answer.json())
        shown = list(secrets_of(answer.json() if answer.content else None))
        for record in found:
            assert record.actor["source"] == "api", (method, below)
            assert record.actor["credential_id"].startswith("key_")
            assert record.actor["address"] == "127.0.0.1"
            # Built-in roles belong to no organization.
            is_ours = record.resource_type != "role" or record.project_id
            home = world.project.organization_id if is_ours else "-"
            assert record.organization_id == home, (method, below)
            text = json.dumps([record.changes, record.actor, record.resource_name])
            assert [one for one in shown if one in text] == []
    assert len(silent) > 20


def test_whatever_the_admin_may_change_is_watched() -> None:
    request = RequestFactory().get("/admin/")
    request.user = User(is_superuser=True, is_staff=True, is_active=True)
    changeable = set()
    for model, page in admin.site._registry.items():
        may = (
            page.has_add_permission(request),
            page.has_change_permission(request),
            page.has_delete_permission(request),
        )
        if any(may):
            changeable.add(model._meta.db_table)

    assert changeable
    assert changeable <= WATCHED.keys()


def test_forms_and_buttons_of_the_admin_leave_records(world: World) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("ada", password="pw-of-ada-1"))
    run = Run.objects.get(id=world.ids["run_id"])
    before = len(records())

    client.post(page_of(Run, run.id, "cancel"), {"_form_submitted": "on"})
    bob = User.objects.create_user("bob", password="pw-of-bob-1")
    client.post(f"/admin/auth/user/{bob.pk}/delete/", {"post": "yes"})

    found = records()[before:]
    acts = [(one.resource_type, one.action, one.actor["source"]) for one in found]
    run.refresh_from_db()
    assert run.status == "cancelled"
    assert acts == [
        ("admin_act", "create", "admin"),
        ("account", "create", "admin"),
        ("admin_act", "create", "admin"),
        ("account", "delete", "admin"),
    ]
    assert found[0].changes["object_id"] == {"after": run.id}
    assert "Cancel run" in found[0].changes["change_message"]["after"]
    for record in found:
        assert record.actor["principal_name"] == "ada"
        assert record.actor["address"] == "127.0.0.1"
        assert "pw-of" not in json.dumps(record.changes)


def test_the_command_line_leaves_records_without_the_key(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOBIUS_ACTOR", "cli:ada:keys")
    with connection.cursor() as cursor:  # as a new connection of the command has it
        cursor.execute(
            "SELECT set_config('mobius.actor', %s, false)", [environment.actor()]
        )
    principal = world.project.principals.get(id=world.ids["principal_id"]).name
    before = len(records())
    out, err = StringIO(), StringIO()
    call_command(
        *("keys", "issue", "--principal", principal, "--project", "acme"),
        stdout=out,
        stderr=err,
    )
    call_command("keys", "revoke", err.getvalue().partition(":")[0], stdout=StringIO())

    found = records()[before:]

    assert [one.resource_type for one in found] == ["api_key", "api_key"]
    assert {one.actor["source"] for one in found} == {"cli:ada:keys"}
    assert found[1].changes["revoked_at"]["after"]
    assert out.getvalue().strip() not in json.dumps([one.changes for one in found])
