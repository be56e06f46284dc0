"""Pure: a call, whether it may be repeated, and when."""

import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

from mobius.sdk.errors import ConfigurationError, ConnectionFailed

Json: TypeAlias = dict[str, Any]
#: What httpx2 takes in a query; here it is text.
Primitive: TypeAlias = str | int | float | bool | None

RETRIED_STATUSES: Final = frozenset({429, 500, 502, 503, 504})
DELAY_SECONDS_MAX: Final = 60.0
_REPEATABLE: Final = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Call:
    """One request. ``path`` is ``/v1/…`` or below the project; in ``query`` what is
    None is left out, a list is repeated, and a truth value is ``true`` or ``false``."""

    method: str
    path: str
    query: Mapping[str, Any] | None = None
    body: object = None
    idempotency_key: str | None = None
    headers: Mapping[str, str] | None = None
    #: Seconds; None for what the client has.
    timeout: float | None = None

    @property
    def may_repeat(self) -> bool:
        """Say whether sending it twice is as good as once."""
        return self.method.upper() in _REPEATABLE or bool(self.idempotency_key)

    def parameters(self) -> list[tuple[str, Primitive]]:
        """Return the query as pairs of texts."""
        pairs: list[tuple[str, Primitive]] = []
        for name, value in (self.query or {}).items():
            values = value if isinstance(value, list | tuple) else [value]
            pairs += [(name, _text(one)) for one in values if one is not None]
        return pairs

    def content(self) -> bytes | None:
        """Return the body as JSON; None when there is none.

        Raises:
            ConfigurationError: it is not JSON.
        """
        if self.body is None:
            return None
        try:
            return json.dumps(self.body, allow_nan=False).encode()
        except (TypeError, ValueError) as error:
            raise ConfigurationError(f"body: expected JSON values: {error}") from error

    def own_headers(self) -> dict[str, str]:
        """Return the headers that this call adds."""
        own = {"Accept": "application/json"}
        if self.body is not None:
            own["Content-Type"] = "application/json"
        if self.idempotency_key:
            own["Idempotency-Key"] = self.idempotency_key
        return {**own, **(self.headers or {})}


#: Asks for calls and is sent their decoded answers. Written once, it is run by the
#: client with and by the client without ``await``.
Exchange: TypeAlias = Generator[Call, Any, Result]
#: Starts an exchange over.
Verb: TypeAlias = Callable[..., Exchange[Result]]


def delay_before(retry: int, retry_after: float | None) -> float:
    """Return the seconds to wait before the ``retry``-th retry (from 1): what the
    server asked for, else 1, 2, 4 and so on; a minute at most."""
    wanted = 2.0 ** (min(retry, 16) - 1) if retry_after is None else retry_after
    return min(max(0.0, wanted), DELAY_SECONDS_MAX)


def decode(raw: bytes, url: str) -> Any:
    """Return an answer's JSON; None when it is empty.

    Raises:
        ConnectionFailed: it is cut off or no JSON.
    """
    if not raw.strip():
        return None
    try:
        return json.loads(raw)
    except ValueError as error:
        raise ConnectionFailed(f"{url} answered with something else than JSON") from (
            error
        )


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
