"""Headers that somebody writes: what they may be called, and secrets in them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from apps.api.body import invalid_field
from apps.deliveries.client import full_origin
from apps.kernel.errors import MobiusError
from apps.secrets.redaction import Redaction
from apps.secrets.selectors import read_values

ALLOWED_ORIGINS: Final = "allowed_origins"
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
#: Headers that are ours, or would say where a request ends.
_OURS: Final = frozenset(
    {
        *("host", "content-length", "transfer-encoding", "connection", "te"),
        *("upgrade", "trailer", "keep-alive", "proxy-authorization", "expect"),
        *("proxy-connection", "user-agent", "accept-encoding"),
    }
)
_OUR_PREFIX: Final = "x-mobius-"

_SECRET: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["secret", "key"],
    "additionalProperties": False,
    "properties": {
        "secret": {"type": "string", "minLength": 1, "maxLength": 160},
        "key": {"type": "string", "minLength": 1, "maxLength": 128},
        "prefix": {"type": "string", "maxLength": 64},
    },
}
HEADERS: Final[Mapping[str, Any]] = {
    "type": "object",
    "maxProperties": 50,
    "additionalProperties": {"anyOf": [{"type": "string", "maxLength": 8192}, _SECRET]},
}


class SecretRefused(Exception):
    """A secret cannot be read, or may not go there; the text holds none of it."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Headers with their secrets filled in, and what must not be shown."""

    headers: Mapping[str, str] = field(repr=False)
    hidden: Redaction


def header_problem(headers: Mapping[str, Any]) -> str:
    """Return what is wrong with the headers as written, empty when nothing is."""
    seen: set[str] = set()
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            return f"{name[:64]!r} is not the name of a header"
        low = name.lower()
        if low in _OURS or low.startswith(_OUR_PREFIX):
            return f"{name} cannot be set"
        if low in seen:
            return f"{name} is given twice"
        seen.add(low)
        text = value if isinstance(value, str) else value.get("prefix", "")
        if not _is_writable(text):
            return f"{name}: expected printable ASCII in one line"
    return ""


def headers_of(
    project_id: str,
    url: str,
    headers: Mapping[str, Any],
    *,
    known: Iterable[str] = (),
) -> Secrets:
    """Return headers with the secrets that they refer to. Who answers may repeat those,
    and what else it is ``known`` to have.

    Raises:
        SecretRefused: there is no such secret or key, or it may not go to this origin.
    """
    filled: dict[str, str] = {}
    hidden = list(known)
    for name, value in headers.items():
        if isinstance(value, str):
            filled[name] = value
            continue
        secret = _value(project_id, url, value["secret"], value["key"])
        filled[name] = value.get("prefix", "") + secret
        hidden.append(secret)
    return Secrets(filled, Redaction(hidden))


def require_secrets(project_id: str, url: str, headers: Mapping[str, Any]) -> None:
    """Make sure, as far as it can be known now, that the headers can be sent.

    Raises:
        Invalid: a secret or key does not exist, or may not go to this origin.
    """
    try:
        headers_of(project_id, url, headers)
    except SecretRefused as error:
        raise invalid_field("headers", str(error)) from None


def _value(project_id: str, url: str, ref: str, key: str) -> str:
    try:
        values = read_values(project_id, ref).values
    except MobiusError as error:
        raise SecretRefused(error.message) from None
    allowed = values.get(ALLOWED_ORIGINS, "").replace(",", " ").split()
    if key == ALLOWED_ORIGINS or full_origin(url) not in map(full_origin, allowed):
        raise SecretRefused(
            f"secret {ref} may not be sent to {full_origin(url)}: its key"
            f" {ALLOWED_ORIGINS} does not name it"
        )
    if key not in values:
        raise SecretRefused(f"secret {ref} has no key {key}")
    if not _is_writable(values[key]) or values[key] != values[key].strip():
        raise SecretRefused(f"key {key} of secret {ref} does not fit into a header")
    return values[key]


def _is_writable(text: str) -> bool:
    return text.isascii() and not _CONTROL.search(text)
