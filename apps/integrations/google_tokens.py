"""Tokens of Google's: OpenID Connect, RS256, made out for one audience."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import ClaimError, ExpiredTokenError, JoseError
from joserfc.jwk import RSAKey

from apps.integrations.google_keys import Keys
from apps.integrations.signatures import outdated, refused

ISSUER: Final = "https://accounts.google.com"
ALGORITHMS: Final = ["RS256"]
LEEWAY_SECONDS: Final = 60
TOKEN_CHARS_MAX: Final = 4096
_SCHEME: Final = "bearer"
#: What the library raises on tokens that are none, among them nests of brackets.
_MALFORMED: Final = (JoseError, ValueError, TypeError, LookupError, RecursionError)


def check_token(
    authorization: str, *, audience: str, email: str, keys: Keys, now: datetime
) -> None:
    """Let a delivery pass whose bearer token Google signed for ``email``.

    Raises:
        Unauthenticated: it did not, or not for ``audience``, or the token ran out.
        Unavailable: the keys cannot be had at the moment.
    """
    scheme, _, token = authorization.strip().partition(" ")
    token = token.strip()
    if scheme.lower() != _SCHEME or not 0 < len(token) <= TOKEN_CHARS_MAX:
        raise refused("Authorization: expected Bearer and a token of Google's")
    kid = _key_id(token)
    claims = _claims(token, keys(kid, now))
    registry = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": audience},
        email={"essential": True, "value": email},
        email_verified={"essential": True, "value": True},
        exp={"essential": True},
    )
    try:
        registry.validate(claims)
    except ExpiredTokenError:
        raise outdated("Authorization: the token ran out") from None
    except ClaimError as error:
        raise refused(
            f"Authorization: the token's {error.claim} is not as expected"
        ) from None


def _key_id(token: str) -> str | None:
    """Return the name of the key that a token says it is signed with."""
    try:
        header = jws.extract_compact(token.encode()).headers()
    except _MALFORMED:
        header = {}
    kid = header.get("kid")
    if header.get("alg") not in ALGORITHMS or not isinstance(kid, str | None):
        raise refused("Authorization: expected a JSON Web Token signed with RS256")
    return kid


def _claims(token: str, keys: Sequence[RSAKey]) -> dict[str, Any]:
    for key in keys:
        try:
            return jwt.decode(token, key, algorithms=ALGORITHMS).claims
        except _MALFORMED:
            continue
    raise refused("Authorization: the token is not signed with a key of Google's")
