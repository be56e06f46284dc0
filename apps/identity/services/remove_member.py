"""Remove a member from the project."""

from datetime import datetime

from django.db import transaction

from apps.identity.member_selectors import access_managers, find_member
from apps.identity.models import Project
from apps.identity.services.take_access import take_access
from apps.kernel.errors import Invalid


@transaction.atomic
def remove_member(project_id: str, user_id: str, *, now: datetime) -> None:
    """Take everything away that the member was given; from the commit on its keys
    answer 401. What it did keeps its name.

    Removals queue up on the project's row, so of the last two who may manage access
    one stays.

    Raises:
        NotFound: the project has no such member.
        Invalid: nobody else could manage access; ``last_access_manager``.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project_id)
    member = find_member(project_id, user_id)
    managers = set(access_managers(project_id).values_list("pk", flat=True))
    if managers == {member.pk}:
        raise Invalid(
            f"{member.name} is the last who can manage access here; give that to"
            " somebody else first",
            code="last_access_manager",
            user_id=member.pk,
        )
    take_access(member, now=now)
