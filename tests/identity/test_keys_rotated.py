"""Rotation: a new key in the place of one, which goes on for as long as asked."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from apps.identity.actor import OPERATOR
from apps.identity.keyrings import Keyring
from apps.identity.models import ApiKey, Principal, Project
from apps.identity.permissions import Permission
from apps.identity.services.rotate_key import rotate_key
from apps.kernel import clock
from apps.kernel.errors import Conflict
from tests.support.access import make_api_with, make_role
from tests.support.api import Api
from tests.support.factories import home_of, make_key, make_principal, make_project
from tests.support.frozen import NOON, FrozenClock


@pytest.fixture
def worker(project: Project) -> Principal:
    return make_principal(project, role="Worker", name="ingest-worker")


def issue(api: Api, principal: Principal, **more: Any) -> dict[str, Any]:
    """A new key as the API shows it this once."""
    made = api.post("api-keys", {"name": "ci", "principal_id": principal.id, **more})
    assert made.status_code == 201, made.json()
    return dict(made.json())


def opens(key: dict[str, Any]) -> bool:
    """Say whether a key opens the door."""
    return bool(Api("acme", key["key"]).get("workers").status_code == 200)


def test_without_an_overlap_the_old_key_is_out_at_once(
    api: Api, worker: Principal, frozen: FrozenClock
) -> None:
    old = issue(api, worker, tags={"team": "ops"})

    rotated = api.post(f"api-keys/{old['id']}/rotate")

    assert rotated.status_code == 201
    new = rotated.json()
    assert (opens(old), opens(new)) == (False, True)
    same = ("name", "principal_id", "tags", "project_id")
    assert {k: new[k] for k in same} == {k: old[k] for k in same}
    assert new["id"] != old["id"]
    left = api.get(f"api-keys/{old['id']}").json()
    assert (left["state"], left["replaced_by"]) == ("revoked", new["id"])


def test_both_keys_open_during_the_overlap_and_not_a_moment_longer(
    api: Api, worker: Principal, frozen: FrozenClock
) -> None:
    old = issue(api, worker)

    new = api.post(f"api-keys/{old['id']}/rotate", {"overlap_seconds": 3600}).json()

    assert (opens(old), opens(new)) == (True, True)
    frozen.tick(seconds=3599)
    assert (opens(old), opens(new)) == (True, True)
    frozen.tick(seconds=1)
    assert (opens(old), opens(new)) == (False, True)
    assert api.get(f"api-keys/{old['id']}").json()["state"] == "expired"


def test_an_overlap_never_prolongs_the_old_key(
    api: Api, worker: Principal, frozen: FrozenClock
) -> None:
    soon = (frozen.at + timedelta(minutes=10)).isoformat()
    old = issue(api, worker, expires_at=soon)

    api.post(f"api-keys/{old['id']}/rotate", {"overlap_seconds": 3600})

    assert ApiKey.objects.get(pk=old["id"]).expires_at == NOON + timedelta(minutes=10)


def test_the_new_key_lives_as_long_as_the_old_one_was_given(
    api: Api, worker: Principal, frozen: FrozenClock
) -> None:
    month = (frozen.at + timedelta(days=30)).isoformat()
    old = issue(api, worker, expires_at=month)
    frozen.tick(days=20)

    new = api.post(f"api-keys/{old['id']}/rotate").json()
    at = (frozen.at + timedelta(days=1)).isoformat()
    third = api.post(f"api-keys/{new['id']}/rotate", {"expires_at": at}).json()

    assert new["expires_at"] == "2026-06-23T12:00:00.000000Z"
    assert third["expires_at"] == "2026-05-25T12:00:00.000000Z"
    past = api.post(f"api-keys/{third['id']}/rotate", {"expires_at": month[:10]})
    assert past.json()["details"]["path"] == "expires_at"


def test_the_cap_of_a_key_goes_with_it(api: Api, worker: Principal) -> None:
    cap = make_role(home_of(worker), Permission.JOB_CLAIM, name="claims")
    old = issue(api, worker, scope_role_id=cap.id)

    new = api.post(f"api-keys/{old['id']}/rotate").json()

    assert new["scope_role_id"] == cap.id
    assert not opens(new)


def test_the_name_goes_to_the_new_key_while_both_open(
    api: Api, worker: Principal
) -> None:
    old = issue(api, worker)
    new = api.post(f"api-keys/{old['id']}/rotate", {"overlap_seconds": 60}).json()

    taken = api.post("api-keys", {"name": "ci", "principal_id": worker.id})
    assert taken.status_code == 409
    api.delete(f"api-keys/{new['id']}")
    free = api.post("api-keys", {"name": "ci", "principal_id": worker.id})
    assert free.status_code == 201


def test_what_is_over_or_rotated_is_not_rotated(
    api: Api, worker: Principal, frozen: FrozenClock
) -> None:
    old = issue(api, worker)
    path = f"api-keys/{old['id']}/rotate"
    new = api.post(path, {"overlap_seconds": 60}).json()

    again = api.post(path)
    assert again.status_code == 409
    assert again.json()["details"]["replaced_by"] == new["id"]
    frozen.tick(seconds=60)
    assert api.post(path).json()["details"]["state"] == "expired"
    Principal.objects.filter(pk=worker.pk).update(disabled=True)
    assert api.post(f"api-keys/{new['id']}/rotate").status_code == 409


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"overlap_seconds": -1}, "overlap_seconds"),
        ({"overlap_seconds": 2_592_001}, "overlap_seconds"),
        ({"overlap_seconds": "1h"}, "overlap_seconds"),
        ({"name": "x"}, "name"),
    ],
)
def test_a_malformed_rotation_is_400_that_names_the_field(
    api: Api, worker: Principal, body: dict[str, Any], path: str
) -> None:
    old = issue(api, worker)

    refused = api.post(f"api-keys/{old['id']}/rotate", body)

    assert refused.status_code == 400
    assert refused.json()["details"]["path"] == path
    assert opens(old)


def test_nobody_rotates_a_key_that_opens_more_than_they_hold(
    api: Api, project: Project
) -> None:
    keeper = make_api_with(project, Permission.ACCESS_MANAGE)
    admin = issue(api, make_principal(project, role="Admin"))

    refused = keeper.post(f"api-keys/{admin['id']}/rotate", {"overlap_seconds": 60})

    assert refused.status_code == 403
    assert "key" not in refused.json()
    assert opens(admin)


def test_a_repeated_rotation_is_one_and_tells_the_secret_once(
    api: Api, worker: Principal
) -> None:
    old = issue(api, worker)
    path = f"api-keys/{old['id']}/rotate"

    first = api.post(path, **{"Idempotency-Key": "r1"}).json()
    again = api.post(path, **{"Idempotency-Key": "r1"})

    assert again.status_code == 201
    assert again.json()["id"] == first["id"]
    assert "key" not in again.json()
    assert ApiKey.objects.filter(principal=worker).count() == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_rotations_at_the_same_moment_one_makes_a_key() -> None:
    project = make_project("acme")
    make_key(make_principal(project, role="Worker"))
    key = ApiKey.objects.get()
    together = Barrier(2)

    def rotate(_: int) -> bool:
        together.wait(10)
        try:
            rotate_key(
                Keyring(project.id),
                key.id,
                overlap=timedelta(hours=1),
                by=OPERATOR,
                now=clock.now(),
            )
        except Conflict:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(rotate, range(2))) == [False, True]
    assert ApiKey.objects.count() == 2
