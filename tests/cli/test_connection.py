"""Where a command calls and with which key; a key never goes anywhere else."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mobius.cli.connection import Wanted, resolve
from mobius.cli.failures import AUTH, Failure, UsageFailure
from mobius.cli.local_system import data_folder, find_local_system
from mobius.cli.profiles import (
    Profile,
    Profiles,
    load_profiles,
    profiles_path,
    save_profiles,
)
from mobius.local.environment import user_variables, write_user_file
from mobius.local.folders import default_root
from tests.cli.conftest import CommandLine

WORK = Profile("https://work.example", "mbx_work", "acme")
HOME = Profile("https://home.example", "mbx_home", "garden")


@pytest.fixture
def kept(home: Path) -> Profiles:
    """Two profiles, of which ``work`` is the current one."""
    profiles = Profiles().having("home", HOME).having("work", WORK)
    save_profiles(profiles)
    return profiles


@pytest.fixture
def running(home: Path) -> Iterator[Path]:
    """The file of a system that `up` runs here."""
    folder = home / "data"
    folder.mkdir()
    variables = user_variables(
        base_url="http://127.0.0.1:8000",
        api_key="mbx_local",
        project="default",
        reviewer_id="prin_1",
    )
    write_user_file(folder / "env", variables)
    with (folder / "up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder / "env"


def called(**wanted: str) -> tuple[str, str, str]:
    found = resolve(Wanted(**wanted))
    return found.base_url, found.api_key, found.project


def test_who_says_something_first_decides(
    kept: Profiles, running: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert called() == ("https://work.example", "mbx_work", "acme")

    monkeypatch.setenv("MOBIUS_PROFILE", "home")
    assert called() == ("https://home.example", "mbx_home", "garden")

    monkeypatch.setenv("MOBIUS_BASE_URL", "https://third.example/")
    monkeypatch.setenv("MOBIUS_API_KEY", "mbx_third")
    monkeypatch.setenv("MOBIUS_PROJECT", "moon")
    assert called() == ("https://third.example", "mbx_third", "moon")
    assert called(profile="work", project="other") == (
        *("https://work.example", "mbx_work", "other"),
    )


def test_without_anything_it_is_the_system_that_runs_here(running: Path) -> None:
    assert called() == ("http://127.0.0.1:8000", "mbx_local", "default")


@pytest.mark.parametrize("name", ["MOBIUS_BASE_URL", "MOBIUS_API_URL"])
def test_a_key_does_not_go_to_another_server(
    name: str, kept: Profiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Failure, match=r"no key for https://evil.example"):
        called(base_url="https://evil.example")
    with pytest.raises(Failure, match="no key"):
        called(profile="home", base_url="http://home.example")

    monkeypatch.setenv(name, "https://evil.example")
    with pytest.raises(Failure) as failed:
        called()

    assert failed.value.exit_code == AUTH


def test_a_key_of_ones_own_does_not_take_the_project_of_a_profile(
    kept: Profiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOBIUS_API_KEY", "mbx_other")

    assert called() == ("https://work.example", "mbx_other", "")


def test_what_is_no_address_is_refused(home: Path) -> None:
    for address in ("work.example", "ftp://work.example", "https://", "http://a:b"):
        with pytest.raises(UsageFailure):
            called(base_url=address)


def test_profiles_are_for_their_owner_only(kept: Profiles) -> None:
    path = profiles_path()

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert load_profiles() == kept


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o622])
def test_profiles_that_others_could_read_are_not_used(
    mode: int, kept: Profiles, offline: CommandLine
) -> None:
    profiles_path().chmod(mode)

    ran = offline("whoami")

    assert ran.code == 2
    assert "chmod 600" in ran.err


def test_damaged_profiles_are_named(kept: Profiles, offline: CommandLine) -> None:
    profiles_path().write_text("{")

    assert "is damaged" in offline("whoami").err


def test_a_profile_that_is_forgotten_hands_on(kept: Profiles) -> None:
    assert kept.without("work") == Profiles("home", {"home": HOME})
    assert kept.without("work").without("home") == Profiles("default", {})


def test_the_file_of_up_is_believed_only_while_up_runs(running: Path) -> None:
    assert find_local_system()[0] is not None

    (running.parent / "up.lock").unlink()
    found, why_not = find_local_system()

    assert found is None
    assert "no system of this user runs" in why_not


def test_the_file_of_up_is_believed_only_if_nobody_else_reads_it(
    running: Path, home: Path
) -> None:
    running.chmod(0o644)
    assert find_local_system()[0] is None

    running.chmod(0o600)
    (home / "elsewhere").write_bytes(running.read_bytes())
    running.unlink()
    running.symlink_to(home / "elsewhere")
    assert find_local_system()[0] is None


def test_the_file_of_somebody_else_is_not_believed(
    running: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: running.stat().st_uid + 1)

    found, why_not = find_local_system()

    assert found is None
    assert "not a file of this user" in why_not


@pytest.mark.parametrize("user", [0, 1000])
def test_both_look_for_the_data_of_up_in_the_same_folder(
    user: int, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert data_folder() == default_root() == home / "data"

    monkeypatch.delenv("MOBIUS_DATA_DIR")
    assert data_folder() == default_root()

    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere")
    assert data_folder() == default_root()
