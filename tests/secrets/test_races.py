"""Secrets under real threads and real commits."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from apps.kernel import clock
from apps.kernel.errors import Conflict
from apps.secrets.models import Secret, SecretVersion
from apps.secrets.selectors import read_values
from apps.secrets.services.create import NewSecret, create_secret
from apps.secrets.services.update import Changes, update_secret
from tests.support.factories import make_project

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

THREADS = 6


def test_rotations_at_once_make_gapless_versions_of_which_one_is_enabled() -> None:
    acme = make_project("acme")
    new = NewSecret("key", {"token": "0"})
    create_secret(acme.id, new, created_by="prin_1", now=clock.now())
    barrier = Barrier(THREADS)

    def rotate(number: int) -> int:
        try:
            barrier.wait(timeout=30)
            changes = Changes(values={"token": str(number)})
            return update_secret(
                acme.id, "key", changes, changed_by="prin_1", now=clock.now()
            ).version
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        versions = sorted(pool.map(rotate, range(THREADS)))

    assert versions == list(range(2, THREADS + 2))
    assert SecretVersion.objects.get(state="ENABLED").version == THREADS + 1
    assert read_values(acme.id, "key").version == THREADS + 1


def test_of_many_creations_with_one_name_one_succeeds() -> None:
    acme = make_project("acme")
    barrier = Barrier(THREADS)

    def create(number: int) -> bool:
        try:
            barrier.wait(timeout=30)
            new = NewSecret("key", {"token": str(number)})
            create_secret(acme.id, new, created_by="prin_1", now=clock.now())
        except Conflict:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(THREADS) as pool:
        assert sum(pool.map(create, range(THREADS))) == 1
    assert Secret.objects.count() == SecretVersion.objects.count() == 1
