"""Delete a group."""

from datetime import datetime

from django.db import transaction

from apps.interactions.group_selectors import find_group, open_questions_to
from apps.kernel.errors import Invalid


@transaction.atomic
def delete_group(project_id: str, id_or_handle: str, *, now: datetime) -> None:
    """Delete a group with its memberships, unless a question still waits for it.

    The group's row is locked before its questions are counted, and ``resolve_groups``
    shares that lock with whoever asks: a question is either counted here, or finds
    no group.

    Raises:
        NotFound: the project has no such group.
        Invalid: questions wait for it; ``group_in_use``, details say how many.
    """
    group = find_group(project_id, id_or_handle, for_update=True)
    waiting = open_questions_to(group, now=now).count()
    if waiting:
        raise Invalid(
            f"group {group.handle} is asked by {waiting} pending interaction"
            f"{'' if waiting == 1 else 's'}; they must be answered, cancelled or"
            " expire first",
            code="group_in_use",
            group_id=group.id,
            pending_interactions=waiting,
        )
    group.delete()
