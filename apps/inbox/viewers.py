"""Who looks at the inbox: an account, and the principals it is in its projects."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.http import HttpRequest

from apps.identity.models import Principal
from apps.identity.selectors import permissions_of
from apps.interactions.actors import ADDRESS_MAX, USER_AGENT_MAX, Actor
from apps.interactions.models import Channel


@dataclass(frozen=True, slots=True)
class Viewer:
    """A signed-in account. One person may be several principals, one per project."""

    account_id: int
    username: str
    name: str
    is_staff: bool
    principals: Mapping[str, Principal]

    @property
    def ids(self) -> list[str]:
        """Return the ids of its principals, in their order."""
        return sorted(self.principals)


def viewer_of(user: AbstractBaseUser | AnonymousUser) -> Viewer | None:
    """Return who is signed in, None when nobody is; without disabled principals."""
    if not user.is_authenticated:
        return None
    account = cast(User, user)
    rows = Principal.objects.filter(user_id=account.pk, disabled=False)
    return Viewer(
        account_id=account.pk,
        username=account.get_username(),
        name=account.get_full_name() or account.get_username(),
        is_staff=account.is_staff,
        principals={row.id: row for row in rows.select_related("project")},
    )


def actor_of(
    principal: Principal, request: HttpRequest, *, channel: Channel, account: str = ""
) -> Actor:
    """Return ``principal`` at work through the browser."""
    meta: Mapping[str, Any] = request.META
    return Actor(
        principal_id=principal.id,
        kind=principal.kind,
        name=principal.name,
        permissions=permissions_of(principal.id),
        channel=channel,
        account=account,
        address=str(meta.get("REMOTE_ADDR", ""))[:ADDRESS_MAX],
        user_agent=str(meta.get("HTTP_USER_AGENT", ""))[:USER_AGENT_MAX],
    )
