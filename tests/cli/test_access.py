"""Login, logout, whoami, and what happens with a key that is not good."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from mobius.cli.profiles import profiles_path
from mobius.local.environment import ROOT
from tests.cli.conftest import CommandLine
from tests.support.stack import Stack, Tenant
from tests.support.stalling_proxy import stalling_proxy


def test_a_key_that_logs_in_is_kept_and_used(
    stack: Stack, tenant: Tenant, offline: CommandLine
) -> None:
    login = offline(
        *("--profile", "work", "login", "--api-key-stdin"),
        *("--base-url", stack.base_url),
        stdin=f"{tenant.api_key}\n",
    )

    assert login.json["project"] == tenant.project
    assert tenant.api_key not in login.out + login.err
    assert profiles_path().stat().st_mode & 0o777 == 0o600
    me = offline.ok("whoami")
    assert me["decided_by"] == "profile work"
    assert me["roles"] == ["Owner"]
    assert me["project"] == tenant.project
    assert tenant.api_key not in str(me)
    assert offline.ok("runs", "list") == {"items": [], "has_more": False}

    assert offline.ok("logout") == {"forgotten": "work"}
    assert offline("whoami").code == 3
    assert offline("logout").code == 2


def test_a_wrong_key_is_not_kept(stack: Stack, offline: CommandLine) -> None:
    where = ("--base-url", stack.base_url)

    for key in ("mbx_wrong", "nonsense", ""):
        ran = offline("login", "--api-key-stdin", *where, stdin=key)
        assert ran.code == (2 if key != "mbx_wrong" else 3)
        assert ran.err.startswith("error: ")

    assert offline("login", *where).code == 2  # it cannot be typed hidden here
    assert not profiles_path().exists()


def test_a_key_is_typed_hidden(stack: Stack, tenant: Tenant, home: Path) -> None:
    ours, theirs = pty.openpty()
    program = [sys.executable, "-m", "mobius.cli", "login", "--base-url"]
    login = subprocess.Popen(
        [*program, stack.base_url],
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    said = b""
    while b"API key: " not in said:
        said += os.read(ours, 1000)
    os.write(ours, f"{tenant.api_key}\n".encode())
    while b"kept in" not in said:
        said += os.read(ours, 1000)

    assert login.wait(timeout=30) == 0
    os.close(ours)
    assert tenant.api_key.encode() not in said


@pytest.mark.parametrize(
    ("variables", "code", "told"),
    [
        ({"MOBIUS_API_KEY": "mbx_wrong"}, 3, "(unauthorized)"),
        ({"MOBIUS_PROJECT": "nowhere"}, 4, "project nowhere not found"),
        ({"MOBIUS_API_KEY": "nonsense"}, 2, "expected a key that begins with mbx_"),
        ({"MOBIUS_BASE_URL": "nonsense"}, 2, "is no address"),
    ],
)
def test_what_is_wrong_with_the_access_is_told_with_its_exit_code(
    variables: dict[str, str],
    code: int,
    told: str,
    mobius: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    ran = mobius("runs", "list")

    assert (ran.code, ran.out) == (code, "")
    assert told in ran.err


def test_the_project_of_a_key_is_found(
    mobius: CommandLine, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MOBIUS_PROJECT")
    assert mobius.ok("whoami")["project"] == tenant.project

    monkeypatch.setenv("MOBIUS_API_KEY", f"{tenant.api_key}.{tenant.project}")
    assert mobius.ok("whoami")["project"] == tenant.project
    assert mobius("--project", "other", "whoami").code == 2


def test_nobody_listening_ends_with_6(
    stack: Stack, mobius: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stalling_proxy(stack.base_url) as proxy:
        gone = proxy.url
    monkeypatch.setenv("MOBIUS_BASE_URL", gone)
    monkeypatch.setattr("mobius.cli.shell.RETRIES", 0)
    monkeypatch.setattr("mobius.sdk.client.time.sleep", lambda seconds: None)

    ran = mobius("runs", "list")

    assert ran.code == 6
    assert "(connection_failed)" in ran.err
    assert "hint: is it up" in ran.err


def test_keys_are_made_shown_once_and_revoked(
    mobius: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = mobius.ok("whoami")["principal_id"]

    made = mobius.ok("keys", "create", "ci", "--principal", me)
    listed = mobius.ok("keys", "list")["items"]

    assert {key["name"] for key in listed} >= {"ci"}
    assert made["key"] not in str(listed)
    with monkeypatch.context() as patch:
        patch.setenv("MOBIUS_API_KEY", made["key"])
        assert mobius.ok("whoami")["key_name"] == "ci"
    mobius.ok("keys", "revoke", made["id"])
    monkeypatch.setenv("MOBIUS_API_KEY", made["key"])
    assert mobius("whoami").code == 3


def test_the_log_of_changes_says_who_did_it(mobius: CommandLine) -> None:
    me = mobius.ok("whoami")["principal_id"]
    made = mobius.ok("keys", "create", "seen", "--principal", me)

    found = mobius.ok("audit", "list", "--resource", made["id"])["items"]

    assert [(one["action"], one["user_id"]) for one in found] == [("create", me)]
    assert mobius.ok("audit", "list", "--action", "delete", "--all")["items"] == []
    assert mobius("audit", "list", "--action", "nonsense").code == 2
