"""Our PostgreSQL and Valkey: real ones, in temporary folders."""

from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from mobius.local.accounts import Account
from mobius.local.binaries import find_postgres
from mobius.local.errors import LocalError
from mobius.local.postgres import Postgres
from mobius.local.supervisor import Supervisor, wait_until
from mobius.local.valkey import Valkey


@pytest.fixture
def postgres(place: Path, account: Account) -> Postgres:
    """A cluster that has not been made yet."""
    sockets = account.make_folder(place / "s")
    return Postgres(place / "postgres", sockets=sockets, account=account)


def test_a_cluster_is_made_and_keeps_its_data_over_a_stop(
    postgres: Postgres, place: Path, supervisor: Supervisor
) -> None:
    postgres.prepare()
    child = supervisor.start(postgres.child(place / "log"))
    postgres.wait_until_ready(child)
    with psycopg.connect(postgres.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    child.ask_to_stop()
    assert wait_until(lambda: not child.is_running(), seconds=20)

    postgres.prepare()
    again = supervisor.start(postgres.child(place / "log"))
    postgres.wait_until_ready(again)

    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
        assert connection.execute("SHOW fsync").fetchone() == ("on",)


def test_a_half_made_cluster_is_not_taken_for_one(postgres: Postgres) -> None:
    leftover = postgres.folder.with_name("postgres.part-1")
    leftover.mkdir()
    (leftover / "PG_VERSION").write_text("18\n")

    postgres.prepare()

    assert (postgres.folder / "global" / "pg_control").exists()
    assert list(postgres.folder.parent.glob("postgres.part-*")) == []


def test_a_folder_without_a_cluster_is_named_and_left_alone(
    postgres: Postgres,
) -> None:
    postgres.folder.mkdir()
    found = postgres.folder / "base"
    found.mkdir()

    with pytest.raises(LocalError, match="PG_VERSION is missing"):
        postgres.prepare()
    assert list(postgres.folder.iterdir()) == [found]


def test_another_versions_data_are_named_and_left_alone(postgres: Postgres) -> None:
    postgres.folder.mkdir()
    version = postgres.folder / "PG_VERSION"
    version.write_text("9\n")

    with pytest.raises(LocalError, match="were written by PostgreSQL 9"):
        postgres.prepare()
    assert list(postgres.folder.iterdir()) == [version]


def test_a_second_server_on_the_same_cluster_is_refused_with_the_pid(
    postgres: Postgres, place: Path, account: Account, supervisor: Supervisor
) -> None:
    postgres.prepare()
    first = supervisor.start(postgres.child(place / "log"))
    postgres.wait_until_ready(first)
    sockets = account.make_folder(place / "t")
    rival = Postgres(postgres.folder, sockets=sockets, account=account)

    second = supervisor.start(rival.child(place / "log2"))

    with pytest.raises(LocalError, match=rf"already running.*\(?pid {first.pid}"):
        rival.wait_until_ready(second)


def test_a_server_that_cannot_start_says_why(
    postgres: Postgres, place: Path, supervisor: Supervisor
) -> None:
    postgres.prepare()
    with (postgres.folder / "postgresql.conf").open("a") as configuration:
        configuration.write("no_such_setting = 1\n")
    child = supervisor.start(postgres.child(place / "log"))

    with pytest.raises(LocalError, match="no_such_setting"):
        postgres.wait_until_ready(child)


def test_valkey_answers_to_its_password_only(
    place: Path, account: Account, supervisor: Supervisor
) -> None:
    valkey = Valkey(place / "valkey", password="secret", account=account)
    valkey.prepare()
    child = supervisor.start(valkey.child(place / "log"))
    valkey.wait_until_ready(child)

    with redis.Redis.from_url(valkey.url) as client:
        assert client.ping()
    once = Retry(NoBackoff(), 0)
    stranger = redis.Redis(host="127.0.0.1", port=valkey.port, retry=once)
    with stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_programs_in_a_private_folder_are_copied_for_the_servers_account(
    place: Path, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = find_postgres(account)
    monkeypatch.setattr(Account, "can_run", lambda *_: False)
    monkeypatch.setattr("mobius.local.binaries.COPIES", place)

    first, second = find_postgres(account), find_postgres(account)

    assert first.path.is_relative_to(place)
    assert (first, first.version) == (second, original.version)


def test_a_copy_that_others_may_write_is_not_used(
    place: Path, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Account, "can_run", lambda *_: False)
    monkeypatch.setattr("mobius.local.binaries.COPIES", place)
    trap = find_postgres(account).path
    copy = place / trap.relative_to(place).parts[0]
    copy.chmod(0o777)

    assert not find_postgres(account).path.is_relative_to(copy)
