"""One error body for everything that can go wrong."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions as drf

from apps.api.exceptions import error_body, handle_exception, to_mobius_error
from apps.kernel import errors
from tests.support.api import Api


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.Invalid("x"), 400, "bad_request"),
        (errors.Unauthenticated("x"), 401, "unauthorized"),
        (errors.PermissionDenied("x"), 403, "permission_denied"),
        (errors.NotFound("x"), 404, "not_found"),
        (errors.Conflict("x"), 409, "conflict"),
        (errors.LeaseLost("x"), 409, "lease_lost"),
        (errors.TooLarge("x"), 413, "payload_too_large"),
        (errors.RateLimited("x"), 429, "rate_limit_exceeded"),
        (errors.Unavailable("x"), 503, "service_unavailable"),
        (errors.Conflict("x", code="own_code"), 409, "own_code"),
        (Http404(), 404, "not_found"),
        (DjangoPermissionDenied(), 403, "permission_denied"),
        (drf.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (drf.ParseError("x"), 400, "bad_request"),
        (OperationalError("gone"), 503, "service_unavailable"),
        (InterfaceError("gone"), 503, "service_unavailable"),
        (DatabaseError("\\u0000 cannot be converted"), 400, "bad_request"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_every_error_has_its_status_and_code(
    error: Exception, status: int, code: str
) -> None:
    response = handle_exception(error, {})

    assert response.status_code == status
    body: Any = response.data
    assert body["code"] == code
    assert body["message"]


def test_the_body_is_flat_and_nested_alike() -> None:
    assert error_body("conflict", "no", {"id": "run_1"}) == {
        "code": "conflict",
        "message": "no",
        "details": {"id": "run_1"},
        "error": {"code": "conflict", "message": "no", "details": {"id": "run_1"}},
    }
    assert error_body("conflict", "no")["details"] == {}


def test_a_defect_is_500_and_keeps_its_secrets() -> None:
    response = handle_exception(RuntimeError("password=hunter2"), {})

    body: Any = response.data
    assert response.status_code == 500
    assert body["code"] == "internal_error"
    assert "hunter2" not in str(body)


def test_an_unknown_fault_of_the_database_is_a_defect() -> None:
    assert to_mobius_error(DatabaseError("syntax error")) is None


def test_those_who_should_wait_are_told_how_long() -> None:
    limited = errors.RateLimited("x", retry_after_seconds=17, headers={"X-Own": "1"})

    assert handle_exception(limited, {})["Retry-After"] == "17"
    assert handle_exception(limited, {})["X-Own"] == "1"
    assert handle_exception(errors.Unavailable("x"), {})["Retry-After"] == "1"
    assert handle_exception(errors.Unauthenticated("x"), {})["WWW-Authenticate"]


@pytest.mark.parametrize(
    "path",
    ["api-keys/key_%00", "principals/a%00b", "role-assignments?role_id=%00"],
)
def test_the_character_nul_is_refused_and_nothing_breaks(api: Api, path: str) -> None:
    response = api.get(path)

    assert response.status_code == 400
    assert response.json()["message"] == "text must not contain the character NUL"


def test_a_request_id_comes_back_when_it_is_a_plain_word(api: Api) -> None:
    sent = api.get("roles", **{"X-Request-ID": "abc-123"})
    broken = api.get("roles", **{"X-Request-ID": "a" * 129})
    missing = api.get("nothing/here", **{"X-Request-ID": ""})

    assert sent["X-Request-ID"] == "abc-123"
    assert len(broken["X-Request-ID"]) == 32
    assert missing.status_code == 404
