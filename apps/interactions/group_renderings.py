"""Groups as the API shows them."""

from typing import Any

from apps.api.rendering import instant, present
from apps.interactions.models import Group, GroupMember


def render_group(group: Group) -> dict[str, Any]:
    """Return a group; ``member_count`` where it was read along."""
    return present(
        id=group.id,
        project_id=group.project_id,
        handle=group.handle,
        name=group.name,
        description=group.description or None,
        routing_policy=group.routing_policy,
        member_count=getattr(group, "member_count", None),
        created_at=instant(group.created_at),
        updated_at=instant(group.updated_at),
    )


def render_group_member(member: GroupMember) -> dict[str, Any]:
    """Return a membership with who it is; the principal must be at hand."""
    return present(
        id=member.id,
        group_id=member.group_id,
        user_id=member.principal_id,
        name=member.principal.name,
        kind=member.principal.kind,
        added_by=member.added_by or None,
        added_at=instant(member.added_at),
    )
