"""The admin pages of organizations: keys that work in all projects."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.identity.models import ApiKey, Principal, Project, RoleAssignment
from tests.identity.test_admin import add_page, address, listing
from tests.support.api import Api


@pytest.fixture
def chief(db: None) -> Client:
    """Somebody who may do everything on the pages."""
    client = Client()
    client.force_login(User.objects.create_superuser("chief", "", "secret-secret"))
    return client


def test_a_key_of_an_organization_is_issued_on_its_page(
    chief: Client, project: Project
) -> None:
    tenant = project.organization
    form = {"_form_submitted": "on", "name": "ops", "role": "Viewer"}

    chief.post(address(tenant, "issue"), form, headers={"HX-Request": "true"})

    secret = re.search(
        r"mbx_[A-Za-z0-9_-]{43}", chief.get(address(tenant)).content.decode()
    )
    assert secret is not None
    assert Api("acme", secret[0]).get("roles").status_code == 200
    system = ApiKey.objects.get(name="ops").principal
    page = chief.get(address(system)).content.decode()
    assert address(tenant) in chief.get(listing(Principal)).content.decode()
    assert address(system, "issue") not in page
    shown = chief.get(listing(ApiKey)).content.decode()
    assert ApiKey.objects.get(name="ops").prefix in shown

    held = RoleAssignment.objects.get(principal=system)
    assert chief.post(address(held, "delete"), {"post": "yes"}).status_code == 403
    more = {"principal": system.pk, "role": held.role_id}
    assert "have a role each" in (
        chief.post(add_page(RoleAssignment), more).content.decode()
    )
    chief.post(address(system), {"description": "", "disabled": "on"})
    assert Api("acme", secret[0]).get("roles").status_code == 401
