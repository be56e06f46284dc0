"""One system for the whole folder; a command line that runs in this process."""

import contextlib
import io
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mobius.cli.main import main
from tests.support.stack import Stack, Tenant

#: What would decide where a command calls.
DECIDING = (
    *("MOBIUS_BASE_URL", "MOBIUS_API_URL", "MOBIUS_API_KEY", "MOBIUS_PROJECT"),
    *("MOBIUS_PROFILE", "MOBIUS_WEBHOOK_SECRET", "NO_COLOR"),
)


@dataclass(frozen=True)
class Ran:
    """A command that has ended: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, one document."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """Standard output, a document a line."""
        return [json.loads(line) for line in self.out.splitlines()]


class Screen(io.TextIOWrapper):
    """Where a command prints; ``is_terminal`` is what it takes it for."""

    def __init__(self, *, is_terminal: bool) -> None:
        self._bytes = io.BytesIO()
        super().__init__(self._bytes, encoding="utf-8", write_through=True)
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    @property
    def text(self) -> str:
        """What was printed."""
        return self._bytes.getvalue().decode()


class CommandLine:
    """Runs ``mobius`` in this process."""

    def __call__(self, *words: str, stdin: str = "", terminal: bool = False) -> Ran:
        out, err = Screen(is_terminal=terminal), Screen(is_terminal=False)
        typed = io.TextIOWrapper(io.BytesIO(stdin.encode()))
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            patch.setattr("sys.stdin", typed)
            code = main(words)
        return Ran(code, out.text, err.text)

    def ok(self, *words: str, stdin: str = "") -> Any:
        """Run a command that has to succeed; return what it printed as JSON."""
        ran = self(*words, stdin=stdin)
        assert ran.code == 0, ran.err
        return ran.json


@pytest.fixture(scope="session")
def stack(shared_stack: Stack) -> Stack:
    """A running system that delivers to this machine, once its web process answers."""
    shared_stack.wait_running("web")
    return shared_stack


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without profiles, on a machine where nothing runs."""
    for name in DECIDING:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("MOBIUS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def offline(home: Path) -> CommandLine:
    """A command line that knows no server."""
    return CommandLine()


@pytest.fixture
def tenant(stack: Stack) -> Tenant:
    """A project nobody has used yet."""
    return stack.new_tenant()


@pytest.fixture
def mobius(
    stack: Stack, tenant: Tenant, home: Path, monkeypatch: pytest.MonkeyPatch
) -> CommandLine:
    """A command line with the key of the tenant's Owner."""
    monkeypatch.setenv("MOBIUS_BASE_URL", stack.base_url)
    monkeypatch.setenv("MOBIUS_API_KEY", tenant.api_key)
    monkeypatch.setenv("MOBIUS_PROJECT", tenant.project)
    return CommandLine()


@pytest.fixture
def plain_environment(home: Path) -> dict[str, str]:
    """The variables for a program of its own."""
    return dict(os.environ)
