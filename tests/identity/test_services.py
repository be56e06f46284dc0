"""Services of access: illegal moves and races."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from apps.identity.actor import OPERATOR
from apps.identity.models import ApiKey
from apps.identity.services.create_organization import create_organization
from apps.identity.services.create_project import NewProject, create_project
from apps.identity.services.issue_key import NewKey, issue_key
from apps.kernel.errors import Conflict, Invalid
from tests.support.factories import make_principal, make_project
from tests.support.frozen import NOON


@pytest.mark.django_db
def test_handles_come_from_names_and_are_taken_once() -> None:
    owner = create_organization(name="Ácme & Sons, Ltd.", now=NOON)
    project = create_project(
        owner, NewProject("  Ingest   Docs #2 "), by=OPERATOR, now=NOON
    )

    assert owner.handle == "acme-sons-ltd"
    assert project.handle == "ingest-docs-2"
    with pytest.raises(Conflict):
        create_project(owner, NewProject("Ingest docs 2"), by=OPERATOR, now=NOON)
    with pytest.raises(Conflict):
        create_organization(name="x", handle="acme-sons-ltd", now=NOON)


@pytest.mark.django_db
@pytest.mark.parametrize("handle", ["Acme", "-a", "a-", "a--b", "a b", "x" * 64, "ü"])
def test_a_malformed_handle_is_refused(handle: str) -> None:
    with pytest.raises(Invalid) as refused:
        create_organization(name="x", handle=handle, now=NOON)
    assert refused.value.details["path"] == "handle"


@pytest.mark.django_db
def test_a_name_without_letters_needs_a_handle() -> None:
    with pytest.raises(Invalid):
        create_organization(name="株式会社", now=NOON)
    assert create_organization(name="株式会社", handle="kk", now=NOON).handle == "kk"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_keys_with_one_name_at_the_same_moment_one_is_refused() -> None:
    project = make_project("acme")
    principals = [make_principal(project) for _ in range(4)]
    together = Barrier(4)

    def issue(number: int) -> str:
        together.wait(10)
        try:
            holder = principals[number]
            return issue_key(holder, NewKey("ci"), by=OPERATOR, now=NOON).secret
        except Conflict:
            return ""
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        secrets = [secret for secret in pool.map(issue, range(4)) if secret]

    assert len(secrets) == 1
    assert ApiKey.objects.filter(name="ci").count() == 1
