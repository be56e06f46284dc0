"""`up` from the outside: its options and its refusals."""

import socket
import subprocess
import sys
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from mobius.local.accounts import Account
from mobius.local.console import Console
from mobius.local.environment import ROOT
from mobius.local.errors import LocalError
from mobius.local.folders import DataFolder
from mobius.local.system import Access, System
from mobius.local.up import (
    keep_passwords,
    main,
    read_options,
    require_free_port,
    say_where,
)


def test_a_taken_port_is_said_with_the_way_out() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]

        with pytest.raises(LocalError, match=rf"Port {port}.*\n.*--port"):
            require_free_port(port)


def test_a_taken_port_ends_the_command_before_any_folder_is_made(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]

        code = main(["--port", str(port), "--data-dir", str(place / "data")])

    assert code == 1
    assert f"Port {port}" in capsys.readouterr().out
    assert not (place / "data").exists()


def test_the_environment_gives_the_options_that_are_left_out(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOBIUS_PORT", "8123")
    monkeypatch.setenv("MOBIUS_DATA_DIR", str(place))

    options = read_options([])

    assert (options.port, options.data_dir) == (8123, place)
    assert read_options(["--port", "9000"]).port == 9000


def test_help_needs_no_servers() -> None:
    shown = subprocess.run(
        [sys.executable, "manage.py", "up", "--help"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )

    for option in (
        "--port",
        "--data-dir",
        "--no-demo",
        "--fresh",
        "--worker-processes",
    ):
        assert option in shown.stdout


def test_the_summary_shows_the_passwords_that_were_made_on_an_earlier_start(
    data: DataFolder, account: Account, said: StringIO
) -> None:
    data.open(account)
    system = System(data, account, Console(said), port=8123)
    made = Access(
        project="default",
        api_key="mbx_1",
        reviewer_id="prin_1",
        reviewer_username="demo",
        reviewer_password="reviewers",
        admin_username="admin",
        admin_password="admins",
    )

    try:
        keep_passwords(data, made)
        unchanged = replace(made, reviewer_password=None, admin_password=None)
        keep_passwords(data, unchanged)
        variables = {"MOBIUS_API_KEY": "mbx_1", "PROJECT": "default"}
        say_where(system, variables, unchanged)
    finally:
        system.supervisor.stop()

    kept = data.read_secrets()
    lines = said.getvalue().splitlines()
    assert (kept["admin_password"], kept["reviewer_password"]) == (
        "admins",
        "reviewers",
    )
    assert "  Admin      http://127.0.0.1:8123/admin/   admin / admins" in lines
    assert "  Inbox      http://127.0.0.1:8123/inbox/   demo / reviewers" in lines
