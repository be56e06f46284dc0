"""Add somebody to a group."""

from datetime import datetime

from django.db import IntegrityError, transaction

from apps.api.body import invalid_field
from apps.identity.models import Principal, PrincipalKind
from apps.interactions.group_selectors import find_group
from apps.interactions.models import GroupMember
from apps.kernel.errors import Conflict, NotFound

#: Who can be asked. A service answers for people, it is not one of them.
ASKABLE_KINDS = (PrincipalKind.HUMAN, PrincipalKind.AGENT)


@transaction.atomic
def add_group_member(
    project_id: str,
    group: str,
    principal_id: str,
    *,
    added_by: str = "",
    now: datetime,
) -> GroupMember:
    """Let a person or an agent belong to ``group``, given as id or handle.

    Both rows are locked, so a membership neither outlives its group nor slips in
    while its member is being removed from the project.

    Raises:
        NotFound: the project has no such group or principal.
        Invalid: the principal is a service, or disabled.
        Conflict: it belongs to the group already.
    """
    found = find_group(project_id, group, for_update=True)
    principal = _askable(project_id, principal_id)
    try:
        with transaction.atomic():
            return GroupMember.objects.create(
                group=found, principal=principal, added_by=added_by, added_at=now
            )
    except IntegrityError:
        raise Conflict(
            f"{principal.name} belongs to the group {found.handle} already",
            path="user_id",
            group_id=found.id,
            user_id=principal.id,
        ) from None


def _askable(project_id: str, principal_id: str) -> Principal:
    principal = (
        Principal.objects.select_for_update(no_key=True)
        .filter(project_id=project_id, pk=principal_id)
        .first()
    )
    if principal is None:
        raise NotFound(f"member {principal_id} not found")
    if principal.kind not in ASKABLE_KINDS:
        raise invalid_field(
            "user_id",
            f"expected a person or an agent, {principal.name} is a {principal.kind}",
        )
    if principal.disabled:
        raise invalid_field("user_id", f"{principal.name} is disabled or removed")
    return principal
