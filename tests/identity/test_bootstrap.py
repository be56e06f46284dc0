"""``manage.py bootstrap`` and ``manage.py keys``."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth import authenticate as sign_in
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import connection

from apps.identity.models import (
    ApiKey,
    Organization,
    Principal,
    Project,
    Role,
    RoleAssignment,
)
from tests.support.api import Api
from tests.support.factories import make_principal, make_project
from tests.support.frozen import FrozenClock


def bootstrap(*options: str) -> dict[str, Any]:
    out = StringIO()
    call_command("bootstrap", "--json", *options, stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    assert out.getvalue().count("\n") == 1
    return found


def keys(*arguments: str) -> str:
    out = StringIO()
    call_command("keys", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue().strip()


@pytest.mark.django_db
def test_the_first_bootstrap_makes_all_that_is_needed_to_call() -> None:
    made = bootstrap()

    assert (made["organization"], made["project"]) == ("default", "default")
    client = Api("default", made["api_key"])
    assert client.get(f"api-keys/{made['key_id']}").json()["name"] == "local"
    assert client.post("/v1/projects", {"name": "Lab"}).status_code == 201
    member = client.get(f"principals/{made['reviewer_id']}").json()
    assert (member["name"], member["kind"]) == ("demo-member", "human")
    assert (member["email"], member["role_names"]) == ("demo@example.com", ["Operator"])
    admin = sign_in(username=made["admin_username"], password=made["admin_password"])
    assert admin is not None
    assert admin.is_superuser
    account = Principal.objects.get(pk=made["reviewer_id"]).user
    assert account is not None
    reviewer = sign_in(
        username=made["reviewer_username"], password=made["reviewer_password"]
    )
    assert reviewer == account
    assert made["reviewer_username"] == "demo"
    assert not account.is_staff


@pytest.mark.django_db
def test_the_second_bootstrap_changes_nothing_and_shows_no_secret() -> None:
    def rows() -> list[int]:
        models: list[Any] = [
            Organization,
            Project,
            Principal,
            Role,
            RoleAssignment,
            ApiKey,
        ]
        return [model.objects.count() for model in [*models, get_user_model()]]

    first = bootstrap()
    before = rows()
    second = bootstrap()

    assert rows() == before
    secrets = dict.fromkeys(("api_key", "admin_password", "reviewer_password"))
    assert second == {**first, **secrets}
    assert Api("default", first["api_key"]).get("roles").status_code == 200


@pytest.mark.django_db
def test_a_new_key_takes_the_place_of_the_old_one() -> None:
    first = bootstrap()
    second = bootstrap("--new-key")

    assert second["key_id"] != first["key_id"]
    assert second["admin_password"] is None
    assert Api("default", first["api_key"]).get("roles").status_code == 401
    assert Api("default", second["api_key"]).get("roles").status_code == 200


@pytest.mark.django_db
def test_a_revoked_key_is_replaced_by_the_next_bootstrap() -> None:
    first = bootstrap()
    keys("revoke", first["key_id"])

    second = bootstrap()

    assert second["api_key"] is not None
    assert Api("default", second["api_key"]).get("roles").status_code == 200


@pytest.mark.django_db
def test_another_project_of_the_same_organization_has_people_of_its_own() -> None:
    first = bootstrap()
    second = bootstrap("--project", "lab")

    assert second["reviewer_id"] != first["reviewer_id"]
    assert (second["reviewer_username"], second["reviewer_password"]) == ("demo", None)
    assert Organization.objects.count() == 1
    assert Api("lab", second["api_key"]).get("roles").status_code == 200
    assert Api("default", second["api_key"]).get("roles").status_code == 404


@pytest.mark.django_db
def test_an_account_that_was_chosen_for_the_reviewer_is_kept() -> None:
    first = bootstrap()
    own = get_user_model().objects.create_user("rita")
    Principal.objects.filter(pk=first["reviewer_id"]).update(user=own)

    second = bootstrap()

    assert (second["reviewer_username"], second["reviewer_password"]) == ("rita", None)
    assert Principal.objects.get(pk=first["reviewer_id"]).user == own


@pytest.mark.django_db
def test_the_project_of_another_organization_is_not_taken_over() -> None:
    make_project("acme")

    with pytest.raises(CommandError, match="belongs to another organization"):
        bootstrap("--project", "acme")
    assert not Organization.objects.filter(handle="default").exists()


@pytest.mark.django_db
def test_without_json_a_person_can_read_it() -> None:
    out = StringIO()
    call_command("bootstrap", stdout=out)
    call_command("bootstrap", stdout=out)

    assert re.search(r"^api_key +mbx_\S+$", out.getvalue(), re.MULTILINE)
    assert re.search(r"^reviewer_password +\S{20}$", out.getvalue(), re.MULTILINE)
    assert "(unchanged, not shown again)" in out.getvalue()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("before", [[], ["--project", "first"]])
def test_bootstraps_at_the_same_moment_take_turns(before: list[str]) -> None:
    if before:
        bootstrap(*before)
    together = Barrier(4)

    def one(_: int) -> dict[str, Any]:
        together.wait(10)
        try:
            return bootstrap()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(one, range(4)))

    assert len({found["key_id"] for found in made}) == 1
    assert sum(found["api_key"] is not None for found in made) == 1
    for name in ("admin_password", "reviewer_password"):
        new_passwords = sum(found[name] is not None for found in made)
        assert new_passwords == (0 if before else 1)


@pytest.mark.django_db
def test_the_console_issues_lists_and_revokes(frozen: FrozenClock) -> None:
    project = make_project("acme")
    make_principal(project, role="Viewer", name="ci")

    secret = keys(
        *("issue", "--principal", "ci", "--name", "nightly"),
        *("--expires-in", "30d", "--project", "acme"),
    )
    key = ApiKey.objects.get(name="nightly")

    assert key.expires_at == frozen.at + timedelta(days=30)
    assert Api("acme", secret).get("roles").status_code == 200
    listed = keys("list", "--project", "acme")
    assert key.id in listed
    assert "active" in listed
    assert secret not in listed

    assert key.id in keys("revoke", key.id)
    assert Api("acme", secret).get("roles").status_code == 401
    assert "revoked" in keys("list", "--project", "acme")
    keys("issue", "--principal", "ci", "--project", "acme", "--expires-in", "1h")
    frozen.tick(hours=1)
    assert "expired" in keys("list", "--project", "acme")


@pytest.mark.django_db
def test_the_console_issues_keys_of_an_organization() -> None:
    make_project("acme")

    secret = keys(
        "issue", "--organization", "acme", "--name", "ops", "--role", "Viewer"
    )

    answer = Api("acme", secret).get("/v1/projects")
    assert [each["handle"] for each in answer.json()["items"]] == ["acme"]
    assert "system: ops" in keys("list", "--organization", "acme")
    assert keys("list", "--project", "acme") == ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["issue", "--principal", "nobody", "--project", "acme"], "nobody not found"),
        (["issue", "--principal", "ci", "--project", "gone"], "gone not found"),
        (["revoke", "key_gone"], "key_gone not found"),
        (["issue"], "name a --principal, or an --organization"),
        (["issue", "--organization", "gone"], "organization gone not found"),
        (
            ["issue", "--organization", "acme", "--principal", "ci"],
            "goes without --principal",
        ),
        (
            ["issue", "--principal", "ci", "--project", "acme", "--expires-in", "soon"],
            "expected 30d or 12h, got soon",
        ),
        (
            ["issue", "--principal", "ci", "--project", "acme", "--expires-in", "0d"],
            "expected 30d or 12h, got 0d",
        ),
    ],
)
def test_the_console_says_what_is_wrong(arguments: list[str], message: str) -> None:
    make_principal(make_project("acme"), name="ci")

    with pytest.raises(CommandError, match=message):
        keys(*arguments)
    assert not ApiKey.objects.exists()
