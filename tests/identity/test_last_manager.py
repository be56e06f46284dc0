"""Somebody can always manage access: no way out takes the last one along."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from apps.identity.actor import OPERATOR
from apps.identity.member_selectors import access_managers
from apps.identity.models import Principal, Project
from apps.identity.permissions import Permission
from apps.identity.services.delete_principal import delete_principal
from apps.identity.services.remove_member import remove_member
from apps.identity.services.unassign_role import unassign_role
from apps.identity.services.update_principal import PrincipalChanges, update_principal
from apps.identity.services.update_role import RoleChanges, update_role
from apps.kernel import clock
from apps.kernel.errors import Conflict
from tests.support.access import make_role
from tests.support.api import Api
from tests.support.factories import make_key, make_principal, make_project


class Boss:
    """A person who manages access by a role of the project's own."""

    def __init__(self, project: Project) -> None:
        self.role = make_role(
            project, Permission.ACCESS_MANAGE, Permission.PROJECT_VIEW, name="boss"
        )
        self.row = make_principal(project, kind="human", name="boss")
        now = clock.now()
        self.held = self.row.assignments.create(role=self.role, created_at=now)
        self.api = Api(project.handle, make_key(self.row))


WAYS: dict[str, Callable[[Boss], Any]] = {
    "removed": lambda boss: boss.api.delete(f"members/{boss.row.id}"),
    "demoted": lambda boss: boss.api.patch(
        f"members/{boss.row.id}", {"role_names": []}
    ),
    "disabled": lambda boss: boss.api.patch(
        f"principals/{boss.row.id}", {"state": "disabled"}
    ),
    "without roles": lambda boss: boss.api.patch(
        f"principals/{boss.row.id}", {"role_ids": []}
    ),
    "without the role": lambda boss: boss.api.delete(
        f"role-assignments/{boss.held.pk}"
    ),
    "role emptied": lambda boss: boss.api.patch(
        f"roles/{boss.role.pk}", {"permissions": ["mobius.project.view"]}
    ),
    "role deleted": lambda boss: boss.api.delete(f"roles/{boss.role.pk}"),
}


@pytest.mark.parametrize("way", list(WAYS))
def test_the_last_who_manages_access_stays(project: Project, way: str) -> None:
    boss = Boss(project)
    make_principal(project, role="Owner", kind="agent")
    off = make_principal(project, role="Admin")
    Principal.objects.filter(pk=off.pk).update(disabled=True)

    refused = WAYS[way](boss)

    assert (refused.status_code, refused.json()["code"]) == (409, "last_access_manager")
    assert list(access_managers(project.id)) == [boss.row]
    assert boss.api.get("members").status_code == 200

    make_principal(project, role="Admin")
    assert WAYS[way](boss).status_code in (200, 204)
    assert boss.row not in access_managers(project.id)


def test_the_last_who_manages_access_is_not_deleted(project: Project) -> None:
    boss = Boss(project)
    boss.row.api_keys.all().delete()

    with pytest.raises(Conflict) as refused:
        delete_principal(project.id, boss.row.id, by=OPERATOR, now=clock.now())

    assert refused.value.error_code == "last_access_manager"


def test_where_nobody_manages_access_everything_can_be_taken(project: Project) -> None:
    viewer = make_principal(project, role="Viewer")

    unassign_role(viewer.assignments.get(), by=OPERATOR, now=clock.now())

    assert not viewer.assignments.exists()


def test_a_key_that_leaked_is_revoked_whoever_holds_it(project: Project) -> None:
    boss = Boss(project)

    assert boss.api.delete(f"api-keys/{boss.row.api_keys.get().id}").status_code == 204
    assert boss.api.get("members").status_code == 401


# --- Several at the same moment -----------------------------------------------------


def at_once(acts: list[Callable[[], Any]]) -> list[str]:
    """Do everything at the same moment; return the codes of refusals, "" for none."""
    barrier = Barrier(len(acts))

    def one(act: Callable[[], Any]) -> str:
        barrier.wait(timeout=30)
        try:
            act()
        except Conflict as refused:
            return refused.error_code
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["disable", "unassign", "mixed"])
def test_of_the_last_two_who_go_at_the_same_moment_one_stays(way: str) -> None:
    project = make_project("acme")
    one, other = (make_principal(project, role="Owner", kind="human") for _ in range(2))
    now = clock.now()

    def disable(who: Principal) -> Callable[[], Any]:
        off = PrincipalChanges(disabled=True)
        return lambda: update_principal(project.id, who.id, off, by=OPERATOR, now=now)

    def unassign(who: Principal) -> Callable[[], Any]:
        held = who.assignments.get()
        return lambda: unassign_role(held, by=OPERATOR, now=now)

    def remove(who: Principal) -> Callable[[], Any]:
        return lambda: remove_member(project.id, who.id, by=OPERATOR, now=now)

    acts = {
        "disable": [disable(one), disable(other)],
        "unassign": [unassign(one), unassign(other)],
        "mixed": [remove(one), unassign(other)],
    }[way]

    assert sorted(at_once(acts)) == ["", "last_access_manager"]
    assert access_managers(project.id).count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_role_is_emptied_while_the_other_manager_goes() -> None:
    project = make_project("acme")
    boss = Boss(project)
    owner = make_principal(project, role="Owner", kind="human")
    now = clock.now()
    emptied = RoleChanges(permissions=[])

    codes = at_once(
        [
            lambda: update_role(
                project.id, boss.role.id, emptied, by=OPERATOR, now=now
            ),
            lambda: remove_member(project.id, owner.id, by=OPERATOR, now=now),
        ]
    )

    assert sorted(codes) == ["", "last_access_manager"]
    assert access_managers(project.id).count() == 1
