"""The public keys that verify Google's tokens: an integration's own, or Google's.

Google's are fetched once an hour, and when a token names one that is not known: Google
changes them. A fetch is one at a time and not more often than each half minute, so that
tokens of anybody's invention cost neither us nor Google much.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from joserfc.jwk import RSAKey

from apps.api.rendering import read_json
from apps.deliveries.client import Unreachable, get
from apps.integrations.public_keys import read_key
from apps.kernel.errors import Invalid, Unavailable

FRESH: Final = timedelta(hours=1)
FETCHES_APART: Final = timedelta(seconds=30)
FETCH_SECONDS: Final = 4.0
SET_BYTES_MAX: Final = 64 * 1024

#: Returns the keys that may have signed a token which names this ``kid``.
Keys = Callable[[str | None, datetime], Sequence[RSAKey]]


def keys_of(config: Mapping[str, Any]) -> Keys:
    """Return where the keys of a Gmail integration come from."""
    own = config.get("public_keys")
    if own:
        keys = [key for jwk in own if (key := read_key(jwk)) is not None]
        return lambda kid, now: _named(keys, kid)
    return _published.keys


def _named(keys: Sequence[RSAKey], kid: str | None) -> list[RSAKey]:
    """A key without a name may be any; a token without one may be any key's."""
    return [key for key in keys if kid is None or key.kid in (None, kid)]


@dataclass(frozen=True, slots=True)
class _Fetched:
    url: str
    keys: Sequence[RSAKey]
    at: datetime


class _PublishedKeys:
    """What this process knows of Google's keys."""

    def __init__(self) -> None:
        self._fetching = threading.Lock()
        self._known: _Fetched | None = None
        self._asked: tuple[str, datetime] | None = None

    def keys(self, kid: str | None, now: datetime) -> Sequence[RSAKey]:
        """Return the keys named ``kid``, none if Google has none of that name.

        Raises:
            Unavailable: it cannot be known at the moment.
        """
        url = settings.GOOGLE_KEYS_URL
        known = self._known if self._known and self._known.url == url else None
        found = _named(known.keys, kid) if known else []
        if found and known and now - known.at < FRESH:
            return found
        fetched = self._fetch(url, now)
        if fetched is not None:
            return _named(fetched.keys, kid)
        has_asked = known is not None and self._asked == (url, known.at)
        if found or has_asked:
            return found
        raise Unavailable("the keys of Google cannot be had; try again")

    def _fetch(self, url: str, now: datetime) -> _Fetched | None:
        """Return what Google says now, None if it was asked just now or does not
        answer."""
        if not self._fetching.acquire(blocking=False):
            return None
        try:
            asked = self._asked
            if asked and asked[0] == url and abs(now - asked[1]) < FETCHES_APART:
                return None
            self._asked = (url, now)
            keys = _read(url)
            if keys:
                self._known = _Fetched(url, keys, now)
            return self._known if keys else None
        finally:
            self._fetching.release()


def _read(url: str) -> list[RSAKey]:
    try:
        answer = asyncio.run(get(url, bytes_max=SET_BYTES_MAX, total=FETCH_SECONDS))
        listed = read_json(answer.body)["keys"] if answer.status == 200 else []
        return [key for jwk in listed if (key := read_key(jwk)) is not None]
    except (Unreachable, Invalid, LookupError, TypeError):
        return []


_published = _PublishedKeys()
