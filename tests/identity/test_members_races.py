"""Members under real threads and real commits."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from apps.identity.actor import OPERATOR
from apps.identity.member_selectors import access_managers
from apps.identity.models import Principal, Project
from apps.identity.services.add_member import AddedMember, NewMember, add_member
from apps.identity.services.remove_member import remove_member
from apps.kernel import clock
from apps.kernel.errors import Conflict, MobiusError
from tests.support.factories import make_principal, make_project

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

THREADS = 6


def at_once(acts: list[Callable[[], Any]]) -> list[Any]:
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


@pytest.fixture
def acme() -> Project:
    """A committed project."""
    return make_project("acme")


def test_of_the_last_managers_who_remove_each_other_one_stays(acme: Project) -> None:
    bosses = [make_principal(acme, role="Owner", kind="human") for _ in range(THREADS)]

    def remove(boss: Principal) -> Callable[[], None]:
        return lambda: remove_member(acme.id, boss.id, by=OPERATOR, now=clock.now())

    outcomes = at_once([remove(boss) for boss in bosses])

    (refused,) = (found for found in outcomes if found is not None)
    assert isinstance(refused, Conflict)
    assert refused.error_code == "last_access_manager"
    assert access_managers(acme.id).count() == 1


def test_one_request_sent_many_times_at_once_makes_one_member(acme: Project) -> None:
    new = NewMember(name="nora", email="nora@example.com")

    def add() -> AddedMember:
        return add_member(acme.id, new, by=OPERATOR, now=clock.now())

    outcomes = at_once([add] * THREADS)

    assert sum(found.is_new for found in outcomes) == 1
    assert {found.principal.pk for found in outcomes} == {Principal.objects.get().pk}


def test_one_account_asked_for_by_many_goes_to_one_member(acme: Project) -> None:
    User.objects.create_user("nora")

    def add(number: int) -> Callable[[], AddedMember]:
        new = NewMember(name=f"n{number}", username="nora")
        return lambda: add_member(acme.id, new, by=OPERATOR, now=clock.now())

    outcomes = at_once([add(number) for number in range(THREADS)])

    assert sum(isinstance(found, Conflict) for found in outcomes) == THREADS - 1
    assert Principal.objects.get().user == User.objects.get()
