"""Members who go, over HTTP, and who come back."""

import pytest
from django.contrib.auth.models import User

from apps.identity.models import Principal, Project, Role
from tests.support.api import Api
from tests.support.factories import make_key, make_principal
from tests.support.frozen import FrozenClock


@pytest.fixture
def rita(project: Project, roles: dict[str, Role]) -> Principal:
    """A member."""
    return make_principal(project, role="Operator", kind="human", name="rita")


def test_a_removed_member_is_told_nothing_any_more(
    api: Api, rita: Principal, frozen: FrozenClock
) -> None:
    rita.user = User.objects.create_user("rita")
    rita.save()
    hers = Api("acme", make_key(rita))
    assert hers.get("members").status_code == 200
    frozen.tick(minutes=1)

    assert api.delete(f"members/{rita.id}").status_code == 204

    assert hers.get("members").status_code == 401
    rita.refresh_from_db()
    assert (rita.disabled, rita.user_id, rita.updated_at) == (True, None, frozen.at)
    assert not rita.assignments.exists()
    assert rita.api_keys.get().revoked_at == frozen.at
    assert api.delete(f"members/{rita.id}").status_code == 404
    kept = api.get(f"principals/{rita.id}").json()
    assert (kept["state"], kept["name"]) == ("disabled", "rita")


@pytest.mark.parametrize("by", ["user_id", "name"])
def test_who_comes_back_has_the_same_id_and_nothing_of_before(
    api: Api, rita: Principal, by: str, frozen: FrozenClock
) -> None:
    old = Api("acme", make_key(rita))
    before = api.get(f"members/{rita.id}").json()
    api.delete(f"members/{rita.id}")
    frozen.tick(minutes=1)
    User.objects.create_user("rita")
    body = {"user_id": rita.id} if by == "user_id" else {"name": "rita"}

    back = api.post("members", {**body, "role_names": ["Viewer"], "username": "rita"})

    assert back.status_code == 201
    made = back.json()
    assert (made["id"], made["created_at"]) == (rita.id, before["created_at"])
    assert (made["roles"], made["username"]) == (["Viewer"], "rita")
    assert old.get("members").status_code == 401


def test_who_was_only_switched_off_comes_back_without_old_roles_and_keys(
    api: Api, rita: Principal
) -> None:
    old = Api("acme", make_key(rita))
    Principal.objects.filter(pk=rita.pk).update(disabled=True)

    back = api.post("members", {"user_id": rita.id, "role_names": ["Viewer"]})

    assert (back.status_code, back.json()["roles"]) == (201, ["Viewer"])
    assert old.get("members").status_code == 401


def test_the_last_who_manages_access_stays(
    project: Project, roles: dict[str, Role]
) -> None:
    boss = make_principal(project, role="Owner", kind="human", name="boss")
    hers = Api("acme", make_key(boss))
    make_principal(project, role="Owner", kind="agent")
    off = make_principal(project, role="Admin")
    Principal.objects.filter(pk=off.pk).update(disabled=True)

    refused = hers.delete(f"members/{boss.id}")

    assert (refused.status_code, refused.json()["code"]) == (409, "last_access_manager")
    assert hers.get(f"members/{boss.id}").status_code == 200
    make_principal(project, role="Admin")
    assert hers.delete(f"members/{boss.id}").status_code == 204
    assert hers.get("members").status_code == 401


def test_a_member_who_cannot_manage_access_can_always_go(
    project: Project, rita: Principal, api: Api
) -> None:
    assert api.delete(f"members/{rita.id}").status_code == 204
