"""Take somebody out of a group."""

from apps.interactions.group_selectors import find_group
from apps.interactions.models import GroupMember
from apps.kernel.errors import NotFound


def remove_group_member(project_id: str, group: str, principal_id: str) -> None:
    """Take a member out of ``group``; questions that ask them already go on asking.

    Raises:
        NotFound: the project has no such group, or the group no such member.
    """
    found = find_group(project_id, group)
    gone, _ = GroupMember.objects.filter(
        group=found, principal_id=principal_id
    ).delete()
    if not gone:
        raise NotFound(f"member {principal_id} not found in the group {found.handle}")
