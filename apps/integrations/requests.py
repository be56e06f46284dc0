"""Reading integrations from requests."""

from typing import Final

from apps.api.body import Body
from apps.integrations.configs import read_config
from apps.integrations.models import Provider
from apps.integrations.services.create import NewIntegration
from apps.integrations.services.update import SIGNED_BY_GOOGLE, Changes

NAME_CHARS_MAX: Final = 128
SECRET_CHARS_MIN: Final = 8
SECRET_CHARS_MAX: Final = 1024


def read_new_integration(data: object) -> NewIntegration:
    """Return an integration to create.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    provider = body.text("provider", choices=Provider.values)
    new = NewIntegration(
        name=body.text("name", max_length=NAME_CHARS_MAX),
        provider=provider,
        enabled=body.flag("enabled", default=True),
        config=read_config(provider, body),
        secret=_secret(body, provider) or "",
    )
    if provider and provider != Provider.GMAIL and not body.has("secret"):
        body.problem("secret", "is required")
    body.finish()
    return new


def read_changes(data: object, provider: str) -> Changes:
    """Return changes of an integration of this provider; the provider stays.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    if body.text("provider", default=provider) != provider:
        body.problem("provider", "cannot be changed: create another integration")
    changes = Changes(
        name=body.text("name", default=None, max_length=NAME_CHARS_MAX),
        enabled=body.flag("enabled", default=None),
        config=read_config(provider, body) if body.has("config") else None,
        secret=_secret(body, provider),
    )
    body.finish()
    return changes


def _secret(body: Body, provider: str) -> str | None:
    secret: str | None = body.text(
        "secret",
        default=None,
        min_length=SECRET_CHARS_MIN,
        max_length=SECRET_CHARS_MAX,
    )
    if secret is not None and provider == Provider.GMAIL:
        body.problem("secret", SIGNED_BY_GOOGLE)
    return secret
