"""Reading projects: one's own; its others with the organization's permission or key."""

from collections.abc import Sequence

from django.db.models import Q, QuerySet

from apps.api.body import invalid_field
from apps.api.tags import filter_by_tags
from apps.identity.authentication import Caller
from apps.identity.models import Project
from apps.identity.permissions import Permission
from apps.kernel.errors import NotFound

STATUSES = ("active", "archived", "all")


def projects_in_reach(caller: Caller) -> QuerySet[Project]:
    """Return the projects that exist for a caller."""
    if caller.of_organization or caller.may(Permission.ORG_PROJECTS_MANAGE):
        return Project.objects.filter(organization_id=caller.organization_id)
    return Project.objects.filter(pk=caller.project_id)


def list_projects(
    caller: Caller, *, status: str = "", search: str = "", tags: Sequence[str] = ()
) -> QuerySet[Project]:
    """Return the projects in reach that match the filters of the list.

    Raises:
        Invalid: a filter is none.
    """
    rows = projects_in_reach(caller)
    if (status or STATUSES[0]) not in STATUSES:
        raise invalid_field("status", f"expected one of {', '.join(STATUSES)}")
    if status != "all":
        rows = rows.filter(archived_at__isnull=status != "archived")
    if search:
        rows = rows.filter(
            Q(name__icontains=search)
            | Q(handle__icontains=search)
            | Q(description__icontains=search)
        )
    return filter_by_tags(rows, tags)


def reach_project(caller: Caller, handle_or_id: str) -> Project:
    """Return a project in reach.

    Raises:
        NotFound: there is none for this caller.
    """
    wanted = Q(handle=handle_or_id) | Q(pk=handle_or_id)
    project = projects_in_reach(caller).filter(wanted).first()
    if project is None:
        raise NotFound(f"project {handle_or_id} not found")
    return project
