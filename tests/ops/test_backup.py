"""Dump and restore, with PostgreSQL's own programs."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection

from mobius.local.accounts import server_account
from mobius.local.binaries import find_postgres
from mobius.local.environment import ROOT
from tests.support.api import Api
from tests.support.drive import dispatch_all

BACKUP = ROOT / "deploy" / "backup"
SPEC = {"name": "ingest", "steps": [{"name": "parse", "action": "doc.parse"}]}


@dataclass(frozen=True)
class Desk:
    """Where an operator stands: a folder, a database, an empty database."""

    folder: Path
    url: str
    empty_url: str

    def run(self, script: str, *words: str, **variables: str) -> Any:
        programs = find_postgres(server_account(), major=None).path
        environ = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
        return subprocess.run(
            [str(BACKUP / script), *words],
            env={**environ, "MOBIUS_BACKUP_DIR": str(self.folder), **variables},
            check=False,
            capture_output=True,
            text=True,
        )

    def dump(self, **variables: str) -> Any:
        return self.run("dump.sh", MOBIUS_DATABASE_URL=self.url, **variables)

    def restore(self, file: str) -> Any:
        return self.run("restore.sh", file, MOBIUS_DATABASE_URL=self.empty_url)


@pytest.fixture
def desk(tmp_path: Path, transactional_db: None) -> Iterator[Desk]:
    """The tests' own database, and an empty one beside it."""
    server = urlsplit(os.environ["MOBIUS_DATABASE_URL"])
    name = connection.settings_dict["NAME"]
    copy = f"{name}_restored"
    with psycopg.connect(server.geturl(), autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{copy}"'.encode())
        admin.execute(f'CREATE DATABASE "{copy}"'.encode())
        yield Desk(
            tmp_path,
            server._replace(path=f"/{name}").geturl(),
            server._replace(path=f"/{copy}").geturl(),
        )
        admin.execute(f'DROP DATABASE "{copy}" WITH (FORCE)'.encode())


def test_what_was_dumped_is_restored(desk: Desk, api: Api) -> None:
    run_id = api.post("runs", {"spec": SPEC}).json()["id"]
    dispatch_all()

    file = desk.dump().stdout.strip()
    restored = desk.restore(file)

    assert restored.returncode == 0, restored.stderr
    with psycopg.connect(desk.empty_url) as copy:
        assert copy.execute("SELECT id, status FROM runs_run").fetchall() == [
            (run_id, "queued")
        ]
        assert copy.execute("SELECT count(*) FROM jobs_job").fetchall() == [(1,)]


def test_restored_lines_are_before_everything_that_comes(desk: Desk, api: Api) -> None:
    api.post("runs", {"spec": SPEC})
    dispatch_all()

    desk.restore(desk.dump().stdout.strip())

    with psycopg.connect(desk.empty_url) as copy:
        numbers = copy.execute(
            "SELECT xid FROM run_events_runevent UNION"
            " SELECT last_xid FROM run_events_runstream"
        )
        assert numbers.fetchall() == [(0,)]


def test_a_database_in_use_is_never_restored_into(desk: Desk, api: Api) -> None:
    file = desk.dump().stdout.strip()
    assert desk.restore(file).returncode == 0

    again = desk.restore(file)

    assert again.returncode == 1
    assert "holds tables of Mobius already" in again.stderr


def test_a_damaged_dump_is_refused(desk: Desk, api: Api) -> None:
    file = Path(desk.dump().stdout.strip())
    file.write_bytes(file.read_bytes()[:-1])

    refused = desk.restore(str(file))

    assert refused.returncode == 1
    assert "its SHA-256 differs" in refused.stderr


def test_a_dump_of_something_else_leaves_no_file(desk: Desk) -> None:
    refused = desk.run("dump.sh", MOBIUS_DATABASE_URL=desk.empty_url)

    assert refused.returncode == 1
    assert "is this the database of Mobius?" in refused.stderr
    assert list(desk.folder.iterdir()) == []


def test_only_the_newest_dumps_are_kept(desk: Desk, api: Api) -> None:
    older = [desk.folder / f"mobius-2025010{day}T000000Z.dump" for day in range(1, 4)]
    for file in older:
        file.touch()
        file.with_name(f"{file.name}.sha256").touch()

    newest = Path(desk.dump(MOBIUS_BACKUP_KEEP="2").stdout.strip())

    assert sorted(desk.folder.glob("*.dump")) == [older[-1], newest]
    assert len(list(desk.folder.glob("*.sha256"))) == 2
