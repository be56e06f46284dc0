"""Every error as one body: flat for the documents, nested for the clients."""

import logging
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions as drf
from rest_framework.response import Response

from apps.kernel import errors
from apps.kernel.errors import MobiusError

logger = logging.getLogger(__name__)

#: How PostgreSQL (in JSON) and psycopg (in text) refuse the character NUL.
_NUL_HINTS = ("\\u0000", "NUL (0x00)")


def error_body(code: str, message: str, details: object = None) -> dict[str, Any]:
    """Return ``{code, message, details, error: {code, message, details}}``."""
    inner = {"code": code, "message": message, "details": details or {}}
    return {**inner, "error": inner}


def to_mobius_error(error: BaseException) -> MobiusError | None:
    """Translate what frameworks and drivers raise; None when it is our defect."""
    match error:
        case MobiusError():
            return error
        case Http404():
            return errors.NotFound("there is nothing at this address")
        case DjangoPermissionDenied():
            return errors.PermissionDenied("not permitted")
        case drf.MethodNotAllowed():
            return _MethodNotAllowed(str(error.detail))
        case drf.ParseError() | drf.ValidationError():
            return errors.Invalid(str(error.detail))
        case drf.APIException():
            return errors.Invalid(str(error.detail))
        case OperationalError() | InterfaceError():
            return errors.Unavailable("the database does not answer; try again")
        case DatabaseError() if any(hint in str(error) for hint in _NUL_HINTS):
            return errors.Invalid("text must not contain the character NUL")
        case _:
            return None


class _MethodNotAllowed(MobiusError):
    code = "method_not_allowed"
    status = 405


def error_headers(error: MobiusError) -> dict[str, str]:
    """Return the headers that go with an error: Retry-After, WWW-Authenticate."""
    headers = dict(error.headers)
    if isinstance(error, errors.RateLimited | errors.Unavailable):
        headers["Retry-After"] = str(error.details.get("retry_after_seconds", 1))
    if isinstance(error, errors.Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return headers


def handle_exception(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's exception handler: any exception becomes the one error body."""
    known = to_mobius_error(error)
    if known is None:
        logger.exception("unhandled error in an API request", exc_info=error)
        known = MobiusError("something went wrong on our side", code="internal_error")
    elif known.status >= 500:
        logger.warning("request failed: %s", error)
    return Response(
        error_body(known.error_code, known.message, known.details),
        status=known.status,
        headers=error_headers(known),
    )
