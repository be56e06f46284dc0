"""Remove a member from the project."""

from datetime import datetime

from django.db import transaction

from apps.identity.actor import Actor
from apps.identity.keeping import access_kept
from apps.identity.member_selectors import find_member
from apps.identity.services.take_access import take_access


@transaction.atomic
def remove_member(project_id: str, user_id: str, *, by: Actor, now: datetime) -> None:
    """Take everything away that the member was given; from the commit on its keys
    answer 401. What it did keeps its name.

    Raises:
        NotFound: the project has no such member.
        Conflict: nobody would be left who can manage access.
    """
    with access_kept(project_id):
        take_access(find_member(project_id, user_id), now=now)
