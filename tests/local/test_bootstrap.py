"""Making the environment: when it is stale, and what uv is told."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy import bootstrap, package_index
from mobius.local.locking import names_an_index


@pytest.fixture
def root(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with lock files only."""
    (place / "deploy").mkdir()
    for name in bootstrap.LOCK_NAMES.values():
        (place / "deploy" / name).write_text(f"{name}==1\n")
    monkeypatch.setattr(bootstrap, "ROOT", place)
    return place


@pytest.fixture
def environment(root: Path) -> Path:
    """An environment with an interpreter and no stamp."""
    environment = root / ".venv"
    (environment / "bin").mkdir(parents=True)
    (environment / "bin" / "python").symlink_to(sys.executable)
    return environment


def test_an_environment_without_a_stamp_is_half_made(environment: Path) -> None:
    assert not bootstrap.is_fresh(environment, dev=False)


def test_the_developers_environment_serves_both(environment: Path) -> None:
    bootstrap.write_stamp(environment, dev=True)

    assert bootstrap.is_fresh(environment, dev=True)
    assert bootstrap.is_fresh(environment, dev=False)


def test_the_plain_environment_does_not_serve_developers(environment: Path) -> None:
    bootstrap.write_stamp(environment, dev=False)

    assert bootstrap.is_fresh(environment, dev=False)
    assert not bootstrap.is_fresh(environment, dev=True)


def test_a_changed_lock_file_makes_the_environment_stale(
    environment: Path, root: Path
) -> None:
    bootstrap.write_stamp(environment, dev=False)

    (root / "deploy" / "requirements.lock").write_text("other==2\n")

    assert not bootstrap.is_fresh(environment, dev=False)


def test_an_interpreter_that_has_gone_makes_it_stale(environment: Path) -> None:
    bootstrap.write_stamp(environment, dev=False)
    (environment / "bin" / "python").unlink()
    (environment / "bin" / "python").symlink_to("/no/such/python")

    assert not bootstrap.is_fresh(environment, dev=False)


@pytest.mark.parametrize("content", ["", "{", "[]", json.dumps({"dev": True})])
def test_a_damaged_stamp_is_no_stamp(environment: Path, content: str) -> None:
    (environment / bootstrap.STAMP_NAME).write_text(content)

    assert not bootstrap.is_fresh(environment, dev=False)


def test_too_little_space_is_said_before_anything_is_removed(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "FREE_BYTES_MIN", 2**62)

    with pytest.raises(bootstrap.SetupError, match=r"Only \d+ MB are free"):
        bootstrap.make_environment(dev=False)
    assert os.access(environment / "bin" / "python", os.X_OK)


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("error: No space left on device (os error 28)", "The disk is full"),
        ("dns error: failed to lookup address", "index cannot be reached"),
        ("ensurepip is not available", "neither pip nor ensurepip"),
        ("Hash mismatch for `django==5`", "differs from the one that was locked"),
        ("something else", "run the command again"),
    ],
)
def test_a_failure_is_explained_and_quoted(
    environment: Path, monkeypatch: pytest.MonkeyPatch, said: str, advice: str
) -> None:
    failed = subprocess.CompletedProcess([], 1, stdout=said)
    monkeypatch.setattr(bootstrap, "run", lambda *_: failed)
    monkeypatch.setattr(bootstrap, "find_uv", lambda _: "uv")

    with pytest.raises(bootstrap.SetupError, match=advice) as refused:
        bootstrap.make_environment(dev=False)
    assert said in str(refused.value)
    assert not bootstrap.is_fresh(environment, dev=False)


def test_a_refresh_that_fails_leaves_what_there_was_usable(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bootstrap.write_stamp(environment, dev=False)
    failed = subprocess.CompletedProcess([], 1, stdout="connection refused")
    monkeypatch.setattr(bootstrap, "run", lambda *_: failed)
    monkeypatch.setattr(bootstrap, "find_uv", lambda _: "uv")

    with pytest.raises(bootstrap.SetupError):
        bootstrap.make_environment(dev=True)
    assert bootstrap.is_fresh(environment, dev=False)


def test_uv_is_told_of_pips_index_settings() -> None:
    told = package_index.uv_settings(
        [
            "global.index-url='https://mirror.example/simple'",
            "global.extra-index-url='file:///a/simple\\nfile:///b/simple'",
            "global.find-links='/one /two'",
            ":env:.cert='/etc/ssl/own.pem'",
        ],
        {"UV_FIND_LINKS": "/mine"},
    )

    assert told == {
        "UV_DEFAULT_INDEX": "https://mirror.example/simple",
        "UV_INDEX": "file:///a/simple file:///b/simple",
        "SSL_CERT_FILE": "/etc/ssl/own.pem",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }


def test_uv_is_told_nothing_where_pip_has_no_settings() -> None:
    assert package_index.uv_settings([], {}) == {}


def test_the_lock_files_name_no_package_index() -> None:
    locks = [*bootstrap.LOCK_NAMES.values(), package_index.TOOLS_LOCK.name]

    named = [lock for lock in locks if names_an_index(bootstrap.ROOT / "deploy" / lock)]

    assert named == []
