"""Members on the wire."""

from typing import Any

from apps.api.rendering import instant, present
from apps.identity.models import Principal


def render_member(member: Principal) -> dict[str, Any]:
    """Return a member; roles and account must be at hand.

    ``user_id`` is the id once more: questions and groups name members by it.
    """
    return present(
        id=member.id,
        user_id=member.id,
        project_id=member.project_id,
        name=member.name,
        email=member.email or None,
        kind=member.kind,
        roles=sorted(held.role.name for held in member.assignments.all()),
        role_ids=[held.role_id for held in member.assignments.all()],
        username=member.user.get_username() if member.user else None,
        created_at=instant(member.created_at),
        added_at=instant(member.created_at),
    )
