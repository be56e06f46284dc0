"""The admin pages of groups: members on one page, changes by button."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from apps.identity.models import Principal, Project
from apps.interactions.models import Group, GroupMember, Interaction
from apps.interactions.services.groups.add_member import add_group_member
from apps.interactions.services.groups.create_group import NewGroup, create_group
from apps.kernel import clock
from tests.support.factories import make_principal

LIST = "admin:interactions_group_changelist"
ADD = "admin:interactions_group_add"


def page_of(row: Group | GroupMember, page: str = "change") -> str:
    return reverse(f"admin:interactions_{row._meta.model_name}_{page}", args=[row.pk])


def found(client: Client, listing: str, word: str) -> list[str]:
    """The ids of the rows that a search shows."""
    page = client.get(listing, {"q": word})
    return [row.pk for row in page.context["cl"].result_list]


def press(client: Client, group: Group, button: str, **filled: str) -> str:
    """Press a button; return the page that follows."""
    form = {"_form_submitted": "on", **filled}
    answer = client.post(page_of(group, button), form, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.fixture
def chief(db: None) -> Client:
    """Somebody who may do everything on the pages."""
    client = Client()
    client.force_login(User.objects.create_superuser("chief", "", "secret-secret"))
    return client


@pytest.fixture
def nora(project: Project) -> Principal:
    return make_principal(project, kind="human", name="nora")


@pytest.fixture
def board(project: Project, nora: Principal) -> Group:
    """A group with nora in it."""
    group = create_group(project.id, NewGroup("The Board"), now=clock.now())
    add_group_member(project.id, group.id, nora.id, now=clock.now())
    return group


def test_groups_are_found_by_name_and_handle_and_show_their_members(
    chief: Client, board: Group, nora: Principal
) -> None:
    for word in ("The Board", "the-board", board.id):
        assert found(chief, reverse(LIST), word) == [board.pk]
    assert found(chief, reverse(LIST), "nobody") == []

    page = _text(chief.get(page_of(board)))

    assert ">Members<" in page
    assert reverse("admin:identity_principal_change", args=[nora.id]) in page


def test_memberships_are_listed_and_found_by_either_end(
    chief: Client, board: Group, nora: Principal
) -> None:
    row = GroupMember.objects.get()
    listing = reverse("admin:interactions_groupmember_changelist")

    for word in ("nora", nora.id, "the-board"):
        assert found(chief, listing, word) == [row.pk]
    assert page_of(board) in _text(chief.get(page_of(row)))
    assert chief.post(page_of(row), {"group": "x"}).status_code == 403


def test_a_group_is_created_by_form_with_a_handle_of_its_own(
    chief: Client, project: Project
) -> None:
    form = {"project": project.pk, "name": "Night Shift", "handle": ""}

    answer = chief.post(reverse(ADD), {**form, "routing_policy": "all_members"})

    made = Group.objects.get()
    assert answer.status_code == 302
    assert (made.handle, made.routing_policy) == ("night-shift", "all_members")
    assert made.created_at == made.updated_at
    assert chief.get(page_of(made)).status_code == 200


@pytest.mark.parametrize(
    ("handle", "told"),
    [("No Good", "characters like acme"), ("the-board", "already exists")],
)
def test_a_handle_that_will_not_do_is_told_on_the_form(
    chief: Client, board: Group, handle: str, told: str
) -> None:
    form = {"project": board.project_id, "name": "x", "handle": handle}

    page = chief.post(reverse(ADD), {**form, "routing_policy": "all_members"})

    assert page.status_code == 200
    assert told in _text(page)
    assert Group.objects.count() == 1


def test_a_group_is_changed_by_its_button_and_what_is_empty_stays(
    chief: Client, board: Group
) -> None:
    assert "Change" in _text(chief.get(page_of(board, "change_group")))

    page = press(chief, board, "change_group", routing_policy="all_members")

    board.refresh_from_db()
    assert "The group is The Board, All Members." in page
    assert (board.name, board.routing_policy) == ("The Board", "all_members")
    assert chief.post(page_of(board), {"name": "x"}).status_code == 403


def test_members_come_and_go_by_name_or_id(
    chief: Client, board: Group, project: Project, nora: Principal
) -> None:
    paul = make_principal(project, kind="human", name="paul")
    make_principal(project, name="robot")

    assert "is added" in press(chief, board, "add_member", member="paul")
    assert "is removed" in press(chief, board, "remove_member", member=nora.id)
    assert "robot is a service" in press(chief, board, "add_member", member="robot")
    assert "not found" in press(chief, board, "add_member", member="nobody")
    assert "already" in press(chief, board, "add_member", member=paul.id)
    assert [row.principal for row in board.memberships.all()] == [paul]


def test_a_group_is_deleted_unless_a_question_waits_for_it(
    chief: Client, board: Group
) -> None:
    question = Interaction.objects.create(
        project_id=board.project_id,
        type="approval",
        message="Is it good?",
        target_type="group",
        target_id=board.id,
        created_at=clock.now(),
        updated_at=clock.now(),
    )

    assert "1 pending interaction;" in press(chief, board, "delete_group")
    assert Group.objects.exists()
    question.delete()
    assert "The group The Board is deleted." in press(chief, board, "delete_group")
    assert not Group.objects.exists()
    assert not GroupMember.objects.exists()


def test_who_may_only_look_changes_nothing(board: Group) -> None:
    account = User.objects.create_user("looker", is_staff=True)
    account.user_permissions.set(Permission.objects.filter(codename="view_group"))
    looker = Client()
    looker.force_login(account)

    assert looker.get(page_of(board)).status_code == 200
    assert looker.get(reverse(ADD)).status_code == 403
    for button in ("change_group", "add_member", "remove_member", "delete_group"):
        sent: Any = looker.post(page_of(board, button), {"_form_submitted": "on"})
        assert sent.status_code == 403
    assert board.memberships.count() == 1


def _text(answer: Any) -> str:
    return str(answer.content.decode())
