"""Groups under real threads and real commits."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import connection, transaction

from apps.identity.actor import OPERATOR
from apps.identity.models import Principal, Project
from apps.identity.services.remove_member import remove_member
from apps.interactions import group_urls
from apps.interactions.group_selectors import resolve_groups
from apps.interactions.models import Group, GroupMember, Interaction, RoutingPolicy
from apps.interactions.services.groups.add_member import add_group_member
from apps.interactions.services.groups.create_group import NewGroup, create_group
from apps.interactions.services.groups.delete_group import delete_group
from apps.interactions.services.groups.update_group import GroupChanges, update_group
from apps.kernel import clock
from apps.kernel.errors import Conflict, Invalid, MobiusError, NotFound
from tests.support.factories import make_principal, make_project
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

TURNS = 20
THREADS = 6


def form(project: Project, name: str, *members: Principal, **more: Any) -> Group:
    """A group with these members."""
    group = create_group(project.id, NewGroup(name, **more), now=clock.now())
    for member in members:
        add_group_member(project.id, group.id, member.id, now=clock.now())
    return group


def human(project: Project) -> Principal:
    """Another person of the project."""
    return make_principal(project, kind="human")


def ask(project_id: str, group: str) -> Interaction:
    """Ask a group as the services do: resolve, then insert, in one transaction."""
    with transaction.atomic():
        found = resolve_groups(project_id, [group])
        if group not in found:
            raise NotFound(f"group {group} not found")
        now = clock.now()
        return Interaction.objects.create(
            project_id=project_id,
            type="approval",
            message="Is it good?",
            target_type="group",
            target_id=found[group].id,
            created_at=now,
            updated_at=now,
        )


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Do everything at the same moment; return answers and refusals."""
    barrier = Barrier(len(acts))

    def one(act: Callable[[], Any]) -> Any:
        try:
            barrier.wait(timeout=30)
            return act()
        except MobiusError as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


def test_a_group_is_asked_or_deleted_never_both() -> None:
    acme = make_project("acme")
    won = {"asked": 0, "deleted": 0}
    for turn in range(TURNS):
        group = form(acme, f"g{turn}", human(acme))

        def delete(name: str = group.handle) -> str:
            delete_group(acme.id, name, now=clock.now())
            return "deleted"

        def put(name: str = group.handle) -> Interaction:
            return ask(acme.id, name)

        acts = (put, delete) if turn % 2 else (delete, put)
        outcomes = at_once(*acts)

        asked = Interaction.objects.filter(target_id=group.id).count()
        if Group.objects.filter(pk=group.id).exists():
            assert asked == 1
            (refused,) = (found for found in outcomes if isinstance(found, Invalid))
            assert refused.error_code == "group_in_use"
            won["asked"] += 1
        else:
            assert asked == 0
            assert any(isinstance(found, NotFound) for found in outcomes)
            won["deleted"] += 1

    assert sum(won.values()) == TURNS


def test_a_deletion_waits_for_the_question_that_is_being_asked() -> None:
    acme = make_project("acme")
    group = form(acme, "Board", human(acme))
    resolved = Event()

    def slow_ask() -> None:
        with transaction.atomic():
            (found,) = resolve_groups(acme.id, ["board"]).values()
            resolved.set()
            wait_until(_somebody_waits)
            now = clock.now()
            Interaction.objects.create(
                project_id=acme.id,
                type="approval",
                message="Is it good?",
                target_type="group",
                target_id=found.id,
                created_at=now,
                updated_at=now,
            )

    def delete() -> None:
        assert resolved.wait(30)
        delete_group(acme.id, group.id, now=clock.now())

    _, refused = at_once(slow_ask, delete)

    assert isinstance(refused, Invalid)
    assert refused.details["pending_interactions"] == 1


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def test_questions_to_one_group_do_not_wait_for_each_other() -> None:
    acme = make_project("acme")
    form(acme, "Board", human(acme))
    together = Barrier(THREADS)

    def hold() -> bool:
        with transaction.atomic():
            found = resolve_groups(acme.id, ["board"])
            together.wait(timeout=30)
            return "board" in found

    assert at_once(*[hold] * THREADS) == [True] * THREADS


def test_joining_at_once_makes_one_membership() -> None:
    acme = make_project("acme")
    group, rita = form(acme, "Board"), human(acme)

    def join() -> GroupMember:
        return add_group_member(acme.id, group.id, rita.id, now=clock.now())

    outcomes = at_once(*[join] * THREADS)

    assert sum(isinstance(found, Conflict) for found in outcomes) == THREADS - 1
    assert GroupMember.objects.count() == 1


def test_joining_a_group_that_is_being_deleted_leaves_no_membership() -> None:
    acme = make_project("acme")
    rita = human(acme)
    for turn in range(TURNS):
        group = form(acme, f"g{turn}")

        def join(name: str = group.handle) -> object:
            return add_group_member(acme.id, name, rita.id, now=clock.now())

        def delete(name: str = group.handle) -> None:
            delete_group(acme.id, name, now=clock.now())

        joined, deleted = at_once(join, delete)

        assert isinstance(joined, GroupMember | NotFound)
        assert deleted is None
    assert not GroupMember.objects.exists()
    assert not Group.objects.exists()


def test_who_is_being_removed_from_the_project_ends_up_in_no_group() -> None:
    assert group_urls.urlpatterns, "the paths connect the removal"
    acme = make_project("acme")
    make_principal(acme, role="Admin")
    for turn in range(TURNS):
        rita = human(acme)
        kept, joined = form(acme, f"k{turn}", rita), form(acme, f"j{turn}")

        def join(name: str = joined.handle, member: str = rita.id) -> object:
            return add_group_member(acme.id, name, member, now=clock.now())

        def remove(member: str = rita.id) -> None:
            remove_member(acme.id, member, by=OPERATOR, now=clock.now())

        outcome, removed = at_once(join, remove)

        assert isinstance(outcome, GroupMember | Invalid)
        assert removed is None
        assert not kept.memberships.exists()
        assert not joined.memberships.exists()


def test_a_change_of_policy_waits_for_the_question_that_is_being_asked() -> None:
    acme = make_project("acme")
    form(acme, "Board", human(acme))
    resolved = Event()

    def slow_look() -> str:
        with transaction.atomic():
            (found,) = resolve_groups(acme.id, ["board"]).values()
            resolved.set()
            wait_until(_somebody_waits)
            return found.routing_policy

    def change() -> str:
        assert resolved.wait(30)
        changes = GroupChanges(routing_policy=RoutingPolicy.ALL_MEMBERS)
        changed = update_group(acme.id, "board", changes, now=clock.now())
        return changed.routing_policy

    assert at_once(slow_look, change) == ["first_responder", "all_members"]
