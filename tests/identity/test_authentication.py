"""The bearer key: who is let in, and from when on no longer."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from rest_framework.test import APIClient

from apps.identity.actor import OPERATOR
from apps.identity.authentication import authenticate
from apps.identity.models import ApiKey, Principal, Project
from apps.identity.permissions import Permission
from apps.identity.services.revoke_key import revoke_key
from apps.kernel.errors import NotFound, PermissionDenied, Unauthenticated
from tests.support.api import Api
from tests.support.factories import home_of, make_key, make_principal, make_project
from tests.support.frozen import NOON, FrozenClock


@pytest.fixture
def principal(project: Project) -> Principal:
    return make_principal(project, role="Viewer")


@pytest.fixture
def secret(principal: Principal) -> str:
    return make_key(principal)


def test_the_key_says_who_calls_where_and_what_they_may_do(
    principal: Principal, secret: str
) -> None:
    caller = authenticate(f"Bearer {secret}", now=NOON)

    assert (caller.principal_id, caller.project_handle) == (principal.id, "acme")
    assert caller.may(Permission.RUN_VIEW)
    assert not caller.may(Permission.RUN_START)
    with pytest.raises(PermissionDenied) as refused:
        caller.require(Permission.RUN_START)
    assert refused.value.details == {"permission": "mobius.run.start"}


def test_the_roles_of_a_principal_add_up(principal: Principal, secret: str) -> None:
    worker = make_principal(home_of(principal), role="Worker")
    role = worker.assignments.get().role
    principal.assignments.create(role=role, created_at=NOON)

    caller = authenticate(f"Bearer {secret}", now=NOON)

    assert caller.may(Permission.RUN_VIEW)
    assert caller.may(Permission.JOB_CLAIM)


def test_a_principal_without_roles_comes_in_and_may_do_nothing(
    project: Project,
) -> None:
    caller = authenticate(f"Bearer {make_key(make_principal(project))}", now=NOON)

    assert caller.permissions == frozenset()


@pytest.mark.parametrize(
    "form", ["{key}", "{key}.acme", "acme/{key}", "acme/{key}.acme"]
)
def test_a_key_is_taken_alone_or_with_the_handle_of_its_project(
    secret: str, form: str
) -> None:
    caller = authenticate("Bearer " + form.format(key=secret), now=NOON)

    assert caller.project_handle == "acme"


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer  "])
def test_the_scheme_is_read_loosely(secret: str, scheme: str) -> None:
    assert authenticate(f"{scheme} {secret}", now=NOON).project_handle == "acme"


@pytest.mark.parametrize(
    "form",
    [
        "{key}.globex",
        "globex/{key}",
        "acme/{key}.globex",
        "globex/{key}.acme",
        "{key}.",
        "/{key}",
        "{key}.Acme",
        "{key} {key}",
        "{key}\x00",
        "X{key}",
        "mbx_short",
        "",
    ],
)
def test_another_handle_and_a_malformed_key_are_refused(secret: str, form: str) -> None:
    with pytest.raises(Unauthenticated):
        authenticate("Bearer " + form.format(key=secret), now=NOON)


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic dTpw", "mbx_x"])
def test_no_bearer_key_is_refused(db: None, header: str | None) -> None:
    with pytest.raises(Unauthenticated):
        authenticate(header, now=NOON)


def test_an_unknown_key_is_refused(secret: str) -> None:
    other = secret[:-4] + ("aaaa" if secret[-4:] != "aaaa" else "bbbb")

    with pytest.raises(Unauthenticated):
        authenticate(f"Bearer {other}", now=NOON)


def test_a_key_ends_at_its_instant_and_not_before(principal: Principal) -> None:
    secret = make_key(principal, expires_at=NOON)

    before = NOON - timedelta(microseconds=1)
    assert authenticate(f"Bearer {secret}", now=before).principal_id == principal.id
    with pytest.raises(Unauthenticated, match="expired"):
        authenticate(f"Bearer {secret}", now=NOON)


def test_a_disabled_principal_is_out_until_it_is_enabled_again(
    principal: Principal, secret: str
) -> None:
    Principal.objects.filter(pk=principal.pk).update(disabled=True)
    with pytest.raises(Unauthenticated, match="disabled"):
        authenticate(f"Bearer {secret}", now=NOON)

    Principal.objects.filter(pk=principal.pk).update(disabled=False)
    assert authenticate(f"Bearer {secret}", now=NOON).principal_id == principal.id


def test_use_is_noted_at_most_once_a_minute(principal: Principal, secret: str) -> None:
    def noted() -> object:
        return ApiKey.objects.get(principal=principal).last_used_at

    for seconds, expected in ((0, 0), (60, 0), (61, 61)):
        authenticate(f"Bearer {secret}", now=NOON + timedelta(seconds=seconds))
        assert noted() == NOON + timedelta(seconds=expected)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_revocation_holds_at_once_on_every_other_connection() -> None:
    principal = make_principal(make_project("acme"), role="Viewer")
    secret = make_key(principal)
    authenticate(f"Bearer {secret}", now=NOON)

    def revoke_elsewhere() -> None:
        try:
            revoke_key(ApiKey.objects.get(principal=principal), by=OPERATOR, now=NOON)
        finally:
            connection.close()

    elsewhere = threading.Thread(target=revoke_elsewhere)
    elsewhere.start()
    elsewhere.join(10)

    with pytest.raises(Unauthenticated, match="revoked"):
        authenticate(f"Bearer {secret}", now=NOON)


def test_the_project_of_the_path_is_known_by_handle_and_by_id(
    project: Project, secret: str
) -> None:
    caller = authenticate(f"Bearer {secret}", now=NOON)

    assert caller.inside("acme") is caller.inside(project.id) is caller
    with pytest.raises(NotFound):
        caller.inside("globex")


def test_the_key_may_come_as_x_api_key(project: Project, secret: str) -> None:
    for sent in (secret, f"{secret}.acme", f"acme/{secret}"):
        answer = APIClient().get(
            "/v1/projects/acme/capabilities", headers={"x-api-key": sent}
        )
        assert (sent, answer.status_code) == (sent, 200)
        assert answer.json() == {
            "can_manage_project": False,
            "can_manage_access": False,
        }
    wrong = APIClient().get(
        "/v1/projects/acme/capabilities",
        headers={"x-api-key": secret, "Authorization": "Bearer mbx_nobody"},
    )
    assert wrong.status_code == 401


def test_over_http_a_bad_key_is_401_with_the_scheme_to_use(
    project: Project, frozen: FrozenClock
) -> None:
    secret = make_key(make_principal(project, role="Viewer"))
    refused = Api("acme", secret[:-1] + "!").get("roles")
    missing = Api("acme", "").call("get", "roles", Authorization="")

    assert Api("acme", secret).get("roles").status_code == 200
    for response in (refused, missing):
        assert response.status_code == 401
        assert response["WWW-Authenticate"] == "Bearer"
        assert response.json()["error"]["code"] == "unauthorized"
