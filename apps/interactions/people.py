"""From the targets of a question to the people it asks, as of now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Q

from apps.identity.models import Principal, PrincipalKind
from apps.interactions.group_selectors import GroupSnapshot, resolve_groups
from apps.interactions.question import Question, Target


class Person(NamedTuple):
    """Somebody to ask, and why."""

    principal_id: str
    via: str


@dataclass(frozen=True, slots=True)
class Known:
    """The principals and groups of a project that some questions name."""

    principals: Mapping[str, Principal]
    agents: Mapping[str, Principal]
    groups: Mapping[str, GroupSnapshot]

    def members(self, target: Target) -> tuple[str, ...]:
        """Return whom ``target`` stands for.

        A user or agent that does not exist stands for itself: a service may answer
        for it. A group that does not exist stands for nobody.
        """
        if target.type == "group":
            group = self.groups.get(target.id)
            return group.member_ids if group else ()
        if target.type == "agent" and target.id in self.agents:
            return (self.agents[target.id].id,)
        return (target.id,)

    def problem(self, target: Target) -> str:
        """Return what is wrong with ``target``; "" when somebody can be asked."""
        if target.type == "group":
            group = self.groups.get(target.id)
            if group is None:
                return "expected a group of this project"
            return "" if group.member_ids else f"group {group.handle} has no members"
        if target.type == "user":
            found = self.principals.get(target.id)
            if found is None:
                return "expected a principal of this project"
            return f"{found.name} is disabled" if found.disabled else ""
        return ""


def look_up(project_id: str, targets: Iterable[Target]) -> Known:
    """Find whom targets name, in three queries at most; groups stay locked for share
    until the end of the caller's transaction."""
    wanted = tuple(targets)
    users = {each.id for each in wanted if each.type == "user"}
    agents = {each.id for each in wanted if each.type == "agent"}
    groups = {each.id for each in wanted if each.type == "group"}
    principals: dict[str, Principal] = {}
    by_agent: dict[str, Principal] = {}
    if users or agents:
        is_agent = Q(kind=PrincipalKind.AGENT, name__in=agents)
        rows = Principal.objects.filter(
            Q(pk__in=users | agents) | is_agent, project_id=project_id
        )
        for row in rows:
            principals[row.id] = row
            if row.kind == PrincipalKind.AGENT:
                by_agent |= {row.name: row, row.id: row}
    found = resolve_groups(project_id, groups) if groups else {}
    return Known(principals, by_agent, found)


def everybody(
    known: Known, targets: Sequence[Target], barred: Iterable[str], via: str = "target"
) -> list[Person]:
    """Return the people behind ``targets``, each once, without those barred."""
    found: dict[str, Person] = {}
    for target in targets:
        for member in known.members(target):
            found.setdefault(member, Person(member, via))
    for one in barred:
        found.pop(one, None)
    return list(found.values())


def all_targets(questions: Iterable[Question]) -> list[Target]:
    """Return every target that is asked at once; escalations are looked up later."""
    return [target for question in questions for target in question.targets]


def accounts_of_one(project_id: str, principal_id: str) -> list[str]:
    """Return ``principal_id`` and whoever else in the project is the same account."""
    if not principal_id:
        return []
    same = Principal.objects.filter(
        project_id=project_id, user__principals__id=principal_id
    ).values_list("id", flat=True)
    return [principal_id, *(each for each in same if each != principal_id)]


def shortage(question: Question, policy: str, asked: int) -> str:
    """Return why a question cannot be answered by ``asked`` people; "" when it can."""
    if not asked:
        return "nobody can be asked"
    if policy == "quorum" and (question.threshold or 1) > asked:
        return f"{question.threshold} answers are needed, but {asked} can be asked"
    return ""
