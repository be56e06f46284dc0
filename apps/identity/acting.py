"""Saying to PostgreSQL who acts, for the audit log.

It is said once for each connection and request, in the words of the session setting
``mobius.actor``: JSON with ``source`` (api, admin, inbox, cli) and whatever is known of
principal, credential, address and program. What nobody said is the system's own doing.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.db import connection
from django.http import HttpRequest, HttpResponse

from apps.api.rendering import to_json

SETTING: Final = "mobius.actor"
_TEXT_CHARS_MAX: Final = 256


class ActingMiddleware:
    """Says who changes something on a page: an account, from where."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Say it before a form is taken; looking at pages changes nothing."""
        if request.method not in ("GET", "HEAD", "OPTIONS"):
            account = f"account:{request.user.pk}" if request.user.pk else ""
            act_as(
                "admin" if request.path.startswith("/admin/") else "page",
                principal_id=account,
                principal_name=request.user.get_username(),
                principal_kind="account" if account else "",
                **origin_of(request.META),
            )
        return self._get_response(request)


def origin_of(meta: Mapping[str, Any]) -> dict[str, str]:
    """Return from where and by which program a request came."""
    return {
        "address": str(meta.get("REMOTE_ADDR") or "")[:_TEXT_CHARS_MAX],
        "program": str(meta.get("HTTP_USER_AGENT") or "")[:_TEXT_CHARS_MAX],
    }


def act_as(source: str, **known: Any) -> None:
    """Say who acts on this connection from now on; empty facts are left out."""
    facts = {
        name: str(value).replace("\x00", "")[:_TEXT_CHARS_MAX]
        for name, value in {"source": source, **known}.items()
        if value not in (None, "")
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config(%s, %s, false)", [SETTING, to_json(facts).decode()]
        )
