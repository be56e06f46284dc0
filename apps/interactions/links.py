"""Links that answer one question as one person: signed, expiring, for nothing else.

A link is not stored anywhere: it is a message authentication code over the question,
the person and the end of its time, made with the server's key. It opens nothing once
the question is over or the person is not asked any more.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.core import signing

from apps.interactions.models import Interaction
from apps.kernel.errors import MobiusError, NotFound

#: How long a link to a question without a deadline is good for.
LIFETIME: Final = timedelta(days=14)
_SALT: Final = "mobius.interactions.link"
_TOKEN_MAX: Final = 512


class LinkExpired(MobiusError):
    """The time of a link is over."""

    code = "link_expired"
    status = 410


@dataclass(frozen=True, slots=True)
class LinkClaim:
    """What a link stands for."""

    project_id: str
    interaction_id: str
    principal_id: str


def link_token(interaction: Interaction, principal_id: str, *, now: datetime) -> str:
    """Return the token with which ``principal_id`` answers ``interaction``."""
    ends = link_ends(interaction, now=now).timestamp()
    claim = [interaction.project_id, interaction.id, principal_id, int(ends)]
    return signing.dumps(claim, salt=_SALT)


def link_ends(interaction: Interaction, *, now: datetime) -> datetime:
    """Return when a link made now stops working: not after the question's own time."""
    ends = now + LIFETIME
    return min(ends, interaction.expires_at) if interaction.expires_at else ends


def link_url(interaction: Interaction, principal_id: str, *, now: datetime) -> str:
    """Return the address that can be sent to ``principal_id`` by mail or chat."""
    token = link_token(interaction, principal_id, now=now)
    return f"{settings.PUBLIC_URL.rstrip('/')}/inbox/link/{token}"


def page_url(interaction: Interaction) -> str:
    """Return the address of the question for those who can sign in."""
    return f"{settings.PUBLIC_URL.rstrip('/')}/inbox/{interaction.id}"


def read_link(token: str, *, now: datetime) -> LinkClaim:
    """Return what a link stands for.

    Raises:
        NotFound: this server made no such link.
        LinkExpired: its time is over.
    """
    try:
        if len(token) > _TOKEN_MAX:
            raise signing.BadSignature
        project_id, interaction_id, principal_id, ends = signing.loads(
            token, salt=_SALT
        )
    except (signing.BadSignature, ValueError, TypeError):
        raise NotFound("there is no such link") from None
    if now.timestamp() >= ends:
        raise LinkExpired("the time of this link is over")
    return LinkClaim(project_id, interaction_id, principal_id)
