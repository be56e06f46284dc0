"""Give a member other roles."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from apps.identity import selectors
from apps.identity.actor import Actor
from apps.identity.keeping import take_turn
from apps.identity.member_selectors import find_member
from apps.identity.models import Principal
from apps.identity.services.set_roles import set_roles


@transaction.atomic
def change_member(
    project_id: str,
    user_id: str,
    *,
    role_ids: Sequence[str] = (),
    role_names: Sequence[str] = (),
    by: Actor,
    now: datetime,
) -> Principal:
    """Make these the roles of a member, from its next request on.

    Raises:
        NotFound: the project has no such member, or no such role.
        PermissionDenied: a role that is new allows more than the actor holds.
        Conflict: nobody would be left who can manage access.
    """
    take_turn(project_id)
    member = find_member(project_id, user_id)
    roles = selectors.find_roles(project_id, role_ids, role_names)
    set_roles(member, roles, by=by, now=now)
    return find_member(project_id, user_id)
