"""Changes of access take turns, and leave somebody who can manage it."""

from collections.abc import Iterator
from contextlib import contextmanager

from apps.identity.member_selectors import access_managers
from apps.identity.models import Project
from apps.kernel.errors import Conflict


def take_turn(project_id: str) -> Project:
    """Wait for other changes of access to the project, and hold up those that follow
    until the caller's transaction ends. Requests that change nothing are not held up.
    """
    return Project.objects.select_for_update(no_key=True).get(pk=project_id)


@contextmanager
def access_kept(project_id: str) -> Iterator[None]:
    """Take turns, do what is inside, and look whether somebody is left who can manage
    access. A project in which nobody could before is not asked.

    Raises:
        Conflict: nobody is left; ``last_access_manager``. The caller's transaction
            has to be rolled back, which an exception does.
    """
    take_turn(project_id)
    had = access_managers(project_id).exists()
    yield
    if had and not access_managers(project_id).exists():
        raise Conflict(
            "nobody would be left who can manage access here; give that to somebody"
            " else first",
            code="last_access_manager",
        )
