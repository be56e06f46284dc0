"""Groups that are about to be asked: ``resolve_groups``."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.identity.models import Principal, Project
from apps.interactions.group_selectors import GroupSnapshot, resolve_groups
from apps.interactions.models import Group, RoutingPolicy
from apps.interactions.services.groups.add_member import add_group_member
from apps.interactions.services.groups.create_group import NewGroup, create_group
from apps.kernel import clock
from apps.kernel.ids import IdKind, new_id
from tests.support.factories import make_principal, make_project


@pytest.fixture
def acme(db: None) -> Project:
    """A project whose groups are asked."""
    return make_project("acme")


def form(project: Project, name: str, *members: Principal, **more: Any) -> Group:
    """A group with these members."""
    group = create_group(project.id, NewGroup(name, **more), now=clock.now())
    for member in members:
        add_group_member(project.id, group.id, member.id, now=clock.now())
    return group


def human(project: Project) -> Principal:
    """Another person of the project."""
    return make_principal(project, kind="human")


def test_groups_are_found_by_id_and_by_handle_under_the_name_asked_for(
    acme: Project,
) -> None:
    rita, paul = human(acme), human(acme)
    board = form(acme, "Board", paul, rita, routing_policy=RoutingPolicy.ALL_MEMBERS)
    empty = form(acme, "Empty")

    found = resolve_groups(acme.id, {"board", board.id, empty.id, "nobody", "", "\x00"})

    snapshot = GroupSnapshot(
        board.id, "board", "all_members", tuple(sorted((rita.id, paul.id)))
    )
    assert found == {
        "board": snapshot,
        board.id: snapshot,
        empty.id: GroupSnapshot(empty.id, "empty", "first_responder", ()),
    }


def test_who_is_disabled_is_not_asked(acme: Project) -> None:
    rita, paul = human(acme), human(acme)
    form(acme, "Board", rita, paul)
    paul.disabled = True
    paul.save()

    assert resolve_groups(acme.id, ["board"])["board"].member_ids == (rita.id,)


def test_another_projects_groups_do_not_exist(acme: Project) -> None:
    theirs = form(make_project("globex"), "Board")

    assert resolve_groups(acme.id, ["board", theirs.id, new_id(IdKind.GROUP)]) == {}


@pytest.mark.parametrize("groups", [1, 5])
def test_many_groups_take_two_queries_and_none_takes_none(
    acme: Project, groups: int
) -> None:
    names = [form(acme, f"g{number}", human(acme)).handle for number in range(groups)]

    with CaptureQueriesContext(connection) as asked:
        assert len(resolve_groups(acme.id, names)) == groups
    with CaptureQueriesContext(connection) as nothing:
        assert resolve_groups(acme.id, []) == {}

    assert (len(asked), len(nothing)) == (2, 0)
