"""The admin pages of access: every page opens, buttons call services."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission as AccountPermission
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from apps.identity.models import (
    ApiKey,
    Organization,
    Principal,
    Project,
    Role,
    RoleAssignment,
)
from tests.support.access import make_role
from tests.support.api import Api
from tests.support.factories import home_of, make_key, make_principal, make_project
from tests.support.frozen import FrozenClock

MODELS = [Organization, Project, Principal, Role, RoleAssignment, ApiKey, User]


def address(row: Any, page: str = "change") -> str:
    return reverse(
        f"admin:{row._meta.app_label}_{row._meta.model_name}_{page}", args=[row.pk]
    )


def listing(model: Any, query: str = "") -> str:
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist") + query


def add_page(model: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")


@pytest.fixture
def chief(db: None) -> Client:
    """Somebody who may do everything on the pages."""
    client = Client()
    client.force_login(User.objects.create_superuser("chief", "", "secret-secret"))
    return client


def staff(*permissions: str) -> Client:
    """Somebody with these permissions on the pages, such as ``view_apikey``."""
    account = User.objects.create_user("staff", is_staff=True)
    account.user_permissions.set(
        AccountPermission.objects.filter(codename__in=permissions)
    )
    client = Client()
    client.force_login(account)
    return client


@pytest.fixture
def ci(project: Project) -> Principal:
    return make_principal(project, role="Viewer", name="ci-service")


@pytest.fixture
def key(ci: Principal) -> ApiKey:
    make_key(ci)
    return ApiKey.objects.get(principal=ci)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_list_and_every_row_opens_and_can_be_searched(
    chief: Client, key: ApiKey, model: Any
) -> None:
    row = model.objects.order_by("pk").first()

    assert chief.get(listing(model)).status_code == 200
    assert chief.get(listing(model, "?q=ci-service")).status_code == 200
    page = chief.get(address(row))
    assert page.status_code == 200
    assert str(row.pk) in page.content.decode()


def test_lists_find_by_name_and_link_to_each_other(
    chief: Client, key: ApiKey, ci: Principal
) -> None:
    found = chief.get(listing(ApiKey, "?q=ci-service")).content.decode()
    missing = chief.get(listing(ApiKey, "?q=nobody")).content.decode()

    assert address(ci) in found
    assert key.prefix in found
    assert key.prefix not in missing
    links = re.findall(
        r'href="([^"]*__id__exact[^"]*)"',
        chief.get(listing(Principal)).content.decode(),
    )
    assert links
    for target in links:
        there = target if target.startswith("/") else listing(Principal, target)
        assert chief.get(there.replace("&amp;", "&")).status_code == 200


def test_the_page_of_a_key_shows_its_state_and_takes_no_change(
    chief: Client, key: ApiKey
) -> None:
    page = chief.get(address(key)).content.decode()

    assert "active" in page
    assert key.digest not in page
    assert chief.post(address(key), {"name": "other"}).status_code == 403
    assert chief.get(add_page(ApiKey)).status_code == 403
    assert chief.post(address(key, "delete"), {"post": "yes"}).status_code == 403


def test_a_key_is_issued_by_a_button_and_shown_once(
    chief: Client, ci: Principal, frozen: FrozenClock
) -> None:
    button = address(ci, "issue")
    assert button in chief.get(address(ci)).content.decode()

    asked = chief.get(button).content.decode()
    assert "The key is shown once" in asked
    assert not ApiKey.objects.filter(name="nightly").exists()

    form = {"_form_submitted": "on", "name": "nightly", "expires_in_days": "30"}
    sent = chief.post(button, form, headers={"HX-Request": "true"})
    assert sent["HX-Redirect"] == address(ci)

    shown = chief.get(address(ci)).content.decode()
    secret = re.search(r"mbx_[A-Za-z0-9_-]{43}", shown)
    assert secret is not None
    assert Api("acme", secret[0]).get("roles").status_code == 200
    issued = ApiKey.objects.get(name="nightly")
    assert issued.expires_at == frozen.at + timedelta(days=30)
    assert "mbx_" not in chief.get(address(ci)).content.decode()


def test_a_refusal_of_the_service_is_told_on_the_page(
    chief: Client, ci: Principal, key: ApiKey
) -> None:
    form = {"_form_submitted": "on", "name": key.name}
    answer = chief.post(address(ci, "issue"), form, follow=True)

    assert "exists already" in answer.content.decode()
    assert ApiKey.objects.filter(principal=ci).count() == 1


def test_a_key_is_revoked_by_its_button_on_post_only(
    chief: Client, ci: Principal
) -> None:
    secret = make_key(ci)
    key = ApiKey.objects.get(principal=ci)
    button = address(key, "revoke")

    assert chief.get(button).status_code == 200
    assert Api("acme", secret).get("roles").status_code == 200
    answer = chief.post(button, {"_form_submitted": "on"}, follow=True)

    assert "is revoked" in answer.content.decode()
    assert Api("acme", secret).get("roles").status_code == 401


def test_several_keys_are_revoked_from_the_list(chief: Client, ci: Principal) -> None:
    for _ in range(3):
        make_key(ci)
    chosen = list(ApiKey.objects.values_list("pk", flat=True)[:2])

    form = {"action": "revoke_selected", "_selected_action": chosen, "index": "0"}
    answer = chief.post(listing(ApiKey), form, follow=True)

    assert "2 keys are revoked" in answer.content.decode()
    assert ApiKey.objects.filter(revoked_at=None).count() == 1


def test_who_may_only_look_has_no_buttons(key: ApiKey, ci: Principal) -> None:
    looker = staff("view_apikey", "view_principal")
    form = {"_form_submitted": "on", "name": "mine"}

    assert looker.get(address(key)).status_code == 200
    assert address(key, "revoke") not in looker.get(address(key)).content.decode()
    assert looker.post(address(key, "revoke"), form).status_code == 403
    assert looker.post(address(ci, "issue"), form).status_code == 403
    bulk = {"action": "revoke_selected", "_selected_action": [key.pk], "index": "0"}
    looker.post(listing(ApiKey), bulk)
    key.refresh_from_db()
    assert key.revoked_at is None
    assert looker.get(listing(Role)).status_code == 403


def test_who_may_change_keys_may_revoke_them(key: ApiKey) -> None:
    keeper = staff("view_apikey", "change_apikey")

    keeper.post(address(key, "revoke"), {"_form_submitted": "on"})

    key.refresh_from_db()
    assert key.revoked_at is not None


def test_tenants_projects_and_principals_are_added_by_form(
    chief: Client, frozen: FrozenClock
) -> None:
    chief.post(add_page(Organization), {"name": "Initech", "handle": "initech"})
    owner = Organization.objects.get(handle="initech")
    body = {"organization": owner.pk, "name": "Lab", "handle": "lab"}
    chief.post(add_page(Project), body)
    project = Project.objects.get(handle="lab")
    person = {"project": project.pk, "kind": "human", "name": "rita"}
    chief.post(add_page(Principal), person)
    rita = Principal.objects.get(name="rita")

    assert (project.created_at, rita.updated_at) == (frozen.at, frozen.at)
    frozen.tick(minutes=1)
    chief.post(address(rita), {"email": "rita@example.com", "disabled": "on"})
    rita.refresh_from_db()
    assert (rita.disabled, rita.email) == (True, "rita@example.com")
    assert rita.updated_at == frozen.at
    assert rita.created_at != frozen.at


def test_a_malformed_handle_is_told_beside_its_field(chief: Client) -> None:
    page = chief.post(add_page(Organization), {"name": "X", "handle": "No Good"})

    assert page.status_code == 200
    assert "characters like acme" in page.content.decode()
    assert not Organization.objects.exists()


def test_a_role_is_given_and_taken_on_the_pages(chief: Client, ci: Principal) -> None:
    own = make_role(home_of(ci), name="own")
    foreign = make_role(make_project("globex"), name="foreign")

    chief.post(add_page(RoleAssignment), {"principal": ci.pk, "role": own.pk})
    refused = chief.post(
        add_page(RoleAssignment), {"principal": ci.pk, "role": foreign.pk}
    )

    given = ci.assignments.get(role=own)
    assert "belongs to another project" in refused.content.decode()
    assert ci.assignments.filter(role=foreign).count() == 0
    chief.post(address(given, "delete"), {"post": "yes"})
    assert ci.assignments.filter(role=own).count() == 0


def test_built_in_roles_are_fixed_and_a_projects_own_are_not(
    chief: Client, ci: Principal
) -> None:
    built_in = Role.objects.get(name="Viewer")
    add = {
        "project": ci.project_id,
        "name": "auditor",
        "permissions": ["mobius.run.view"],
    }
    assert chief.post(address(built_in), {"permissions": []}).status_code == 403

    chief.post(add_page(Role), add)
    auditor = Role.objects.get(name="auditor")
    assert auditor.permissions == ["mobius.run.view"]
    chief.post(
        address(auditor),
        {"permissions": ["mobius.run.view", "mobius.workflow.view"]},
    )
    auditor.refresh_from_db()
    assert auditor.permissions == ["mobius.run.view", "mobius.workflow.view"]

    without_project = chief.post(add_page(Role), {**add, "project": "", "name": "x"})
    unknown = chief.post(
        add_page(Role), {**add, "name": "x", "permissions": ["mobius.king"]}
    )
    assert (without_project.status_code, unknown.status_code) == (200, 200)
    assert not Role.objects.filter(name="x").exists()


def test_every_model_of_access_has_a_page_and_none_deletes_in_bulk() -> None:
    for model in MODELS[:-1]:
        assert admin.site.is_registered(model)
        assert "delete_selected" not in (admin.site._registry[model].actions or [])
