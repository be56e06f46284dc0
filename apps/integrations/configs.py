"""Reading ``config``: what each provider's integration is told. Most need nothing.

The result is what is stored and shown. Gmail's is

    service_account_email  who signs for the Pub/Sub subscription
    audience               what its tokens are made out to; the receive URL when absent
    subscription           the only one that may report, projects/…/subscriptions/…
    public_keys            keys to verify with instead of those that Google publishes
"""

from typing import Any, Final

from apps.api.body import Body
from apps.integrations.models import Provider
from apps.integrations.public_keys import read_key
from apps.kernel.errors import Invalid

TEXT_CHARS_MAX: Final = 512
KEYS_MAX: Final = 10
_EXPECTED: Final = "expected an RSA public key as PEM or JWK, of 2048 to 8192 bits"


def read_config(provider: str, body: Body) -> dict[str, Any]:
    """Return the normal form of ``config``; problems are noted in ``body``."""
    config = Body(body.mapping("config", default={}), "config")
    read = _read_gmail(config) if provider == Provider.GMAIL else {}
    try:
        config.finish()
    except Invalid:
        body.problems.extend(config.problems)
    return {name: value for name, value in read.items() if value}


def _read_gmail(config: Body) -> dict[str, Any]:
    return {
        "service_account_email": config.text(
            "service_account_email", max_length=TEXT_CHARS_MAX, pattern=r"[^@\s]+@\S+"
        ),
        "audience": config.text("audience", default="", max_length=TEXT_CHARS_MAX),
        "subscription": config.text(
            "subscription", default="", max_length=TEXT_CHARS_MAX
        ),
        "public_keys": _read_keys(config),
    }


def _read_keys(config: Body) -> list[dict[str, Any]]:
    sent = config.listing("public_keys", default=[], max_items=KEYS_MAX)
    read = []
    for number, authored in enumerate(sent[:KEYS_MAX]):
        key = _public_jwk(authored)
        if key is None:
            config.problem(f"public_keys[{number}]", _EXPECTED)
        else:
            read.append(key)
    return read


def _public_jwk(authored: object) -> dict[str, Any] | None:
    """Return a key as JWK, with its ``kid`` if it has one; None if it is no key."""
    key = read_key(authored)
    if key is None:
        return None
    jwk = key.as_dict(private=False)
    return {name: jwk[name] for name in ("kty", "n", "e", "kid") if name in jwk}
