"""Who comes in by a held route: the steps of ``viewsets``, for a coroutine."""

from collections.abc import Mapping
from typing import NamedTuple

from apps.identity.authentication import Caller, authenticate
from apps.identity.credentials import bearer_in
from apps.identity.limits import count_request
from apps.identity.permissions import Permission
from apps.kernel import clock
from apps.realtime.held import Request


class Entered(NamedTuple):
    """A caller who may, and the headers that tell where it stands."""

    caller: Caller
    headers: Mapping[str, str]


def enter(request: Request, permission: Permission) -> Entered:
    """Let the caller into the project of the path.

    Raises:
        Unauthenticated, RateLimited, NotFound, PermissionDenied: in this order.
    """
    caller = authenticate(bearer_in(request.headers), now=clock.now())
    standing = count_request(caller.key_id, caller.organization_id)
    caller = caller.inside(request.parameters["project"])
    caller.require(permission)
    return Entered(caller, standing.headers() if standing else {})
