"""The admin pages of access keep the rules: services decide, the page tells."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from apps.identity.models import Principal, Project, Role, RoleAssignment
from apps.identity.permissions import Permission
from tests.support.access import make_role
from tests.support.api import Api
from tests.support.factories import make_api, make_key, make_principal
from tests.support.frozen import FrozenClock


def address(row: Any, page: str = "change") -> str:
    return reverse(f"admin:identity_{row._meta.model_name}_{page}", args=[row.pk])


@pytest.fixture
def chief(db: None) -> Client:
    """Somebody who may do everything on the pages."""
    client = Client()
    client.force_login(User.objects.create_superuser("chief", "", "secret-secret"))
    return client


@pytest.fixture
def boss(project: Project) -> Principal:
    """The only one who manages access, by a role of the project's own."""
    role = make_role(project, Permission.ACCESS_MANAGE, name="boss")
    boss = make_principal(project, kind="human", name="boss")
    boss.assignments.create(role=role, created_at=project.created_at)
    return boss


def test_the_last_who_manages_access_stays_on_the_pages_too(
    chief: Client, boss: Principal
) -> None:
    held = boss.assignments.get()
    told = [
        chief.post(address(boss), {"disabled": "on"}, follow=True),
        chief.post(address(held, "delete"), {"post": "yes"}, follow=True),
        chief.post(
            address(held.role), {"permissions": ["mobius.run.view"]}, follow=True
        ),
    ]

    for page in told:
        assert "nobody would be left" in page.content.decode()
    boss.refresh_from_db()
    assert not boss.disabled
    assert RoleAssignment.objects.filter(pk=held.pk).exists()
    assert Role.objects.get(name="boss").permissions == ["mobius.access.manage"]


def test_a_name_of_a_built_in_role_is_refused_on_the_page(
    chief: Client, project: Project
) -> None:
    form = {"project": project.pk, "name": "Owner", "permissions": ["mobius.run.view"]}

    page = chief.post(reverse("admin:identity_role_add"), form, follow=True)

    assert "is built in" in page.content.decode()
    assert not Role.objects.filter(project=project).exists()


def test_a_project_is_archived_and_restored_by_buttons(
    chief: Client, project: Project, frozen: FrozenClock
) -> None:
    caller = make_api(project, role="Admin")
    page = chief.get(address(project)).content.decode()
    assert address(project, "archive") in page
    assert address(project, "restore") not in page

    chief.post(address(project, "archive"), {"_form_submitted": "on"})
    project.refresh_from_db()
    assert project.archived_at == frozen.at
    assert caller.post("runs", {}).status_code == 409
    page = chief.get(address(project)).content.decode()
    assert address(project, "restore") in page
    told = chief.post(address(project), {"name": "Other"}, follow=True)
    assert "is archived" in told.content.decode()
    chief.post(address(project, "restore"), {"_form_submitted": "on"})
    after = Project.objects.get(pk=project.pk)
    assert after.archived_at is None
    assert after.name == "acme"


def test_what_the_pages_make_is_signed_with_the_account(
    chief: Client, project: Project
) -> None:
    form = {"organization": project.organization_id, "name": "Lab", "handle": "lab"}
    chief.post(reverse("admin:identity_project_add"), form)
    lab = Project.objects.get(handle="lab")
    role = make_role(lab, name="r")
    who = make_principal(lab)
    body = {"principal": who.pk, "role": role.pk}
    chief.post(reverse("admin:identity_roleassignment_add"), body)
    form = {"_form_submitted": "on", "name": "nightly", "expires_in_days": ""}
    chief.post(address(who, "issue"), form)

    assert lab.created_by == "account:chief"
    assert who.assignments.get().granted_by == "account:chief"
    assert who.api_keys.get().created_by == "account:chief"


def test_the_page_of_a_rotated_key_links_to_its_successor(
    chief: Client, project: Project
) -> None:
    who = make_principal(project, role="Worker")
    make_key(who)
    api = make_api(project, role="Admin")
    old = who.api_keys.get()
    new = api.post(f"api-keys/{old.id}/rotate").json()

    page = chief.get(address(old)).content.decode()

    assert reverse("admin:identity_apikey_change", args=[new["id"]]) in page


def test_a_deleted_principal_can_be_read_and_not_switched_on(
    chief: Client, api: Api, project: Project
) -> None:
    bot = make_principal(project, name="bot")
    api.delete(f"principals/{bot.id}")

    chief.post(address(bot), {"email": "", "description": "gone"})

    bot.refresh_from_db()
    assert (bot.state, bot.description) == ("deleted", "gone")
