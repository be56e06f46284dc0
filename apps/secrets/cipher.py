"""Sealing values: what is in the table is of no use without the server's keys.

The first of ``MOBIUS_SECRETS_KEYS`` seals, all of them open. A key made from
``MOBIUS_SECRET_KEY`` seals when there is none and always opens, so that keys can be
set later.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.crypto import salted_hmac

from apps.kernel.errors import Unavailable

_PURPOSE = b"mobius secrets v1"


def checked_keys(keys: Sequence[str]) -> list[str]:
    """Return the keys as they are.

    Raises:
        ImproperlyConfigured: one of them is no key; it is not named, it may be close
            to one.
    """
    for place, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError:
            raise ImproperlyConfigured(
                f"MOBIUS_SECRETS_KEYS: key {place} of {len(keys)} is not 32 bytes in"
                " URL-safe base64"
            ) from None
    return list(keys)


def seal(version_id: str, values: Mapping[str, str]) -> str:
    """Return the values of a version, readable with the server's keys only."""
    plain = orjson.dumps({"id": version_id, "values": dict(values)})
    return _cipher().encrypt(plain).decode()


def unseal(version_id: str, sealed: str) -> dict[str, str]:
    """Return the values that were sealed for this version.

    Raises:
        Unavailable: the server's keys do not open it, or it belongs to another
            version.
    """
    try:
        opened = orjson.loads(_cipher().decrypt(sealed.encode()))
    except InvalidToken:
        raise Unavailable(
            f"secret version {version_id} cannot be opened with the keys of this server"
        ) from None
    if opened["id"] != version_id:
        raise Unavailable(f"secret version {version_id} holds another one's values")
    values: dict[str, str] = opened["values"]
    return values


def reseal(sealed: str) -> str:
    """Return sealed values sealed anew with the first key.

    Raises:
        Unavailable: the server's keys do not open it.
    """
    try:
        return _cipher().rotate(sealed.encode()).decode()
    except InvalidToken:
        raise Unavailable("the keys of this server do not open it") from None


def digest_of(values: Mapping[str, str]) -> str:
    """Return the SHA-256 of the values' canonical JSON, hexadecimal."""
    return hashlib.sha256(_canonical(values)).hexdigest()


def fingerprint_of(values: Mapping[str, str]) -> str:
    """Return what tells values apart and, without the server's key, nothing else."""
    return salted_hmac(
        "apps.secrets", _canonical(values), algorithm="sha256"
    ).hexdigest()


def _canonical(values: Mapping[str, str]) -> bytes:
    return orjson.dumps(dict(values), option=orjson.OPT_SORT_KEYS)


def _cipher() -> MultiFernet:
    return _cipher_of(tuple(settings.SECRETS_KEYS), settings.SECRET_KEY)


@lru_cache(maxsize=4)
def _cipher_of(keys: tuple[str, ...], secret_key: str) -> MultiFernet:
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE)
    derived = base64.urlsafe_b64encode(derive.derive(secret_key.encode()))
    return MultiFernet([*(Fernet(key) for key in keys), Fernet(derived)])
