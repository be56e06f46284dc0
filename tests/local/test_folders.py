"""The data folder: whose it is, who uses it, what is kept in it."""

import os
import subprocess
from pathlib import Path

import pytest

from mobius.local.accounts import Account
from mobius.local.environment import (
    adopt_running_system,
    publish_running_system,
    read_user_file,
    user_variables,
    write_user_file,
)
from mobius.local.errors import LocalError
from mobius.local.folders import DataFolder, default_root


def test_a_folder_that_is_not_ours_is_refused_and_left_alone(
    data: DataFolder, account: Account
) -> None:
    data.root.mkdir()
    thesis = data.root / "thesis.txt"
    thesis.write_text("years of work")

    for fresh in (False, True):
        with pytest.raises(LocalError, match="was not made by Mobius"):
            DataFolder(data.root).open(account, fresh=fresh)

    assert list(data.root.iterdir()) == [thesis]


def test_a_second_system_on_the_same_folder_is_refused_with_the_first_ones_pid(
    data: DataFolder, account: Account
) -> None:
    data.open(account)

    with pytest.raises(LocalError, match=rf"already running.*\n?.*pid {os.getpid()}"):
        DataFolder(data.root).open(account)
    assert data.is_in_use()


def test_fresh_removes_the_data_but_keeps_the_folder(
    data: DataFolder, account: Account
) -> None:
    data.open(account)
    data.secret("key", lambda: "old")
    (data.root / "postgres").mkdir()
    data.close()

    again = DataFolder(data.root)
    again.open(account, fresh=True)

    assert not (data.root / "postgres").exists()
    assert again.secret("key", lambda: "new") == "new"
    again.close()


def test_a_secret_is_made_once_and_readable_by_its_owner_only(
    data: DataFolder, account: Account
) -> None:
    data.open(account)

    first = data.secret("key", lambda: "one")
    second = data.secret("key", lambda: "two")

    assert first == second == "one"
    assert data.secrets_file.stat().st_mode & 0o777 == 0o600


def test_damaged_secrets_are_named_and_not_replaced(
    data: DataFolder, account: Account
) -> None:
    data.open(account)
    data.secrets_file.write_text("{")

    with pytest.raises(LocalError, match="is damaged"):
        data.secret("key", lambda: "new")
    assert data.secrets_file.read_text() == "{"


def test_too_little_space_is_said_before_anything_is_started(
    data: DataFolder, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mobius.local.folders.FREE_BYTES_MIN", 2**62)

    with pytest.raises(LocalError, match=r"Only \d+ MB are free.*Nothing was started"):
        data.open(account)


def test_a_place_that_cannot_be_written_is_said_with_the_way_out(
    place: Path, account: Account
) -> None:
    blocker = place / "file"
    blocker.touch()

    with pytest.raises(LocalError, match="--data-dir"):
        DataFolder(blocker / "data").open(account)


def test_a_long_path_gets_its_sockets_elsewhere(place: Path, account: Account) -> None:
    data = DataFolder(place / ("long" * 30))
    data.open(account)

    sockets = data.sockets(account)

    assert len(str(sockets)) < 90
    assert sockets.stat().st_mode & 0o777 == 0o700
    sockets.rmdir()
    data.close()


def test_the_users_file_reads_back_as_it_was_written(place: Path) -> None:
    variables = user_variables(
        base_url="http://127.0.0.1:8000",
        api_key="mbx_with'quote and $dollar",
        project="default",
        reviewer_id="prn_1",
    )
    path = place / "env"

    write_user_file(path, variables)

    assert read_user_file(path) == variables
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_user_file(place / "lost") == {}


def test_a_shell_can_source_the_users_file(place: Path) -> None:
    path = place / "env"
    write_user_file(path, {"MOBIUS_API_KEY": "mbx_a b'c", "PROJECT": "default"})

    shown = subprocess.run(
        ["sh", "-c", f'. {path}; printf "%s|%s" "$MOBIUS_API_KEY" "$PROJECT"'],
        check=True,
        capture_output=True,
        text=True,
    )

    assert shown.stdout == "mbx_a b'c|default"


def test_commands_adopt_the_system_that_runs_and_not_one_that_has_stopped(
    data: DataFolder, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "STATIC_ROOT", "PUBLIC_URL")
    environ = {f"MOBIUS_{name}": f"of the running {name}" for name in names}
    for name in environ:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("MOBIUS_DATA_DIR", str(data.root))
    assert default_root() == data.root
    data.open(account)
    publish_running_system(data, environ)

    data.close()
    adopt_running_system()
    assert "MOBIUS_DATABASE_URL" not in os.environ

    data.open(account)
    adopt_running_system()
    assert {name: os.environ[name] for name in environ} == environ
