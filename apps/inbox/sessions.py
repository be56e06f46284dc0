"""From a session cookie to who is signed in, for streams, which pass no middleware."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http.cookies import CookieError, SimpleCookie

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.utils.crypto import constant_time_compare

from apps.identity.models import Principal


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An account behind a session, and the principals it is."""

    account_id: int
    principal_ids: frozenset[str]


def session_key_in(cookies: str) -> str:
    """Return the session key in a ``Cookie`` header, "" when there is none."""
    try:
        found = SimpleCookie(cookies).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return found.value if found else ""


def who_is_signed_in(
    session_keys: list[str], *, now: datetime
) -> Mapping[str, SignedIn]:
    """Return who is behind these sessions, in three queries for any number.

    Left out are those that ended, ran out, or were opened with an old password.
    """
    rows = Session.objects.filter(pk__in=session_keys, expire_date__gt=now)
    contents = {row.session_key: row.get_decoded() for row in rows}
    wanted = {content.get(SESSION_KEY) for content in contents.values()}
    ids = {int(each) for each in wanted if each and str(each).isdigit()}
    accounts = User.objects.filter(pk__in=ids, is_active=True).in_bulk()
    principals: dict[int, set[str]] = {}
    for account_id, principal_id in Principal.objects.filter(
        user_id__in=list(accounts), disabled=False
    ).values_list("user_id", "id"):
        assert account_id is not None, "filtered by it"
        principals.setdefault(account_id, set()).add(principal_id)
    found: dict[str, SignedIn] = {}
    for key, content in contents.items():
        account = accounts.get(int(content.get(SESSION_KEY) or 0))
        if account is None:
            continue
        given = str(content.get(HASH_SESSION_KEY, ""))
        if constant_time_compare(given, account.get_session_auth_hash()):
            ids_of = frozenset(principals.get(account.pk, ()))
            found[key] = SignedIn(account.pk, ids_of)
    return found
