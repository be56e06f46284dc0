"""Reading groups. Every query starts from the project.

Members are those that can answer: a disabled principal is passed over everywhere,
whatever its memberships say.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Count, Q, QuerySet

from apps.identity.models import Principal
from apps.interactions.models import Group, GroupMember, Interaction
from apps.interactions.models.interaction import OPEN
from apps.kernel.errors import NotFound
from apps.kernel.ids import IdKind

_ID_PREFIX = f"{IdKind.GROUP.value}_"

#: FOR SHARE: askers pass each other, while a deletion or a change of the group waits
#: until their questions are there.
_SHARE = """
SELECT id, handle, routing_policy FROM interactions_group
WHERE project_id = %s AND (id = ANY(%s) OR handle = ANY(%s))
ORDER BY id FOR SHARE
"""


@dataclass(frozen=True, slots=True)
class GroupSnapshot:
    """A group at the moment of asking; ``member_ids`` in the order of ids."""

    id: str
    handle: str
    routing_policy: str
    member_ids: tuple[str, ...]


def resolve_groups(
    project_id: str, ids_or_handles: Collection[str]
) -> dict[str, GroupSnapshot]:
    """Return the groups that are about to be asked, by what they were asked for.

    What is no group of the project is missing from the answer. The groups stay as
    they are until the caller's transaction ends: nobody deletes one between this
    and the question. Two queries, however many groups.
    """
    asked = {one for one in ids_or_handles if one and "\x00" not in one}
    if not asked:
        return {}
    ids = sorted(one for one in asked if one.startswith(_ID_PREFIX))
    handles = sorted(asked.difference(ids))
    with connection.cursor() as cursor:
        cursor.execute(_SHARE, [project_id, ids, handles])
        rows = cursor.fetchall()
    members = _members_of([row[0] for row in rows])
    found: dict[str, GroupSnapshot] = {}
    for id_, handle, policy in rows:
        snapshot = GroupSnapshot(id_, handle, policy, tuple(members[id_]))
        found |= {name: snapshot for name in (id_, handle) if name in asked}
    return found


def list_groups(project_id: str) -> QuerySet[Group]:
    """Return the groups of a project, each with ``member_count``."""
    enabled = Count("memberships", filter=Q(memberships__principal__disabled=False))
    return Group.objects.filter(project_id=project_id).annotate(member_count=enabled)


def find_group(
    project_id: str, id_or_handle: str, *, for_update: bool = False
) -> Group:
    """Return one group: with ``member_count``, or locked until the end of the
    transaction if asked.

    Raises:
        NotFound: the project has no such group.
    """
    column = "pk" if id_or_handle.startswith(_ID_PREFIX) else "handle"
    rows: QuerySet[Group] = list_groups(project_id)
    if for_update:
        rows = Group.objects.select_for_update().filter(project_id=project_id)
    group = rows.filter(**{column: id_or_handle}).first()
    if group is None:
        raise NotFound(f"group {id_or_handle} not found")
    return group


def list_group_members(group: Group) -> QuerySet[GroupMember]:
    """Return who belongs to a group, each with the principal at hand."""
    return GroupMember.objects.filter(
        group=group, principal__disabled=False
    ).select_related("principal")


def groups_of(project_id: str, principal_id: str) -> QuerySet[Group]:
    """Return the groups somebody belongs to, by handle.

    Raises:
        NotFound: the project has no such principal, or it is disabled.
    """
    known = Principal.objects.filter(
        project_id=project_id, pk=principal_id, disabled=False
    )
    if not known.exists():
        raise NotFound(f"member {principal_id} not found")
    rows = Group.objects.filter(
        project_id=project_id, memberships__principal_id=principal_id
    )
    return rows.order_by("handle")


def open_questions_to(group: Group, *, now: datetime) -> QuerySet[Interaction]:
    """Return the questions that still wait for a group at ``now``: that ask it, alone
    or among others, or will ask it when they escalate.

    Reads every open question of the project: for what happens rarely.
    """
    in_time = Q(expires_at=None) | Q(expires_at__gt=now)
    named = Q(target_type="group", target_id=group.id)
    for name in (group.id, group.handle):
        target = [{"type": "group", "id": name}]
        named |= Q(targets__contains=target)
        named |= Q(escalation__contains=[{"targets": target}])
    return Interaction.objects.filter(
        in_time, named, project_id=group.project_id, status__in=OPEN
    )


def _members_of(group_ids: list[str]) -> defaultdict[str, list[str]]:
    members: defaultdict[str, list[str]] = defaultdict(list)
    rows = GroupMember.objects.filter(
        group_id__in=group_ids, principal__disabled=False
    ).order_by("group_id", "principal_id")
    for group_id, principal_id in rows.values_list("group_id", "principal_id"):
        members[group_id].append(principal_id)
    return members
