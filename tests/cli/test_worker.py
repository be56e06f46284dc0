"""``mobius worker``: which functions of a module serve, and a process that does."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from mobius.cli.failures import Failure, UsageFailure
from mobius.cli.serving import load_module
from mobius.local.environment import ROOT
from mobius.sdk import ConfigurationError
from mobius.sdk.actions import actions_of
from tests.cli.conftest import CommandLine

MODULE = """\
from json import dumps
from mobius.sdk.actions import action

@action("text.count")
async def count(parameters):
    return {"words": len(parameters["text"].split())}

@action("text.fail")
def fail(parameters, context):
    context.emit("progress", {"attempt": context.attempt})
    raise ValueError("no text [here]")

def helper():
    return dumps({})
"""
PROGRAM = (sys.executable, "-m", "mobius.cli")


@pytest.fixture
def modules(home: Path) -> Iterator[Path]:
    """A working directory for modules, which are forgotten afterwards."""
    path, known = list(sys.path), set(sys.modules)
    yield home
    sys.path[:] = path
    for name in set(sys.modules) - known:
        del sys.modules[name]


def module(**functions: object) -> ModuleType:
    """A module that defines these functions itself."""
    made = ModuleType("mine")
    for name, function in functions.items():
        function.__module__ = "mine"
        setattr(made, name, function)
    return made


def test_marked_functions_serve_and_without_marks_all_public_ones(
    modules: Path,
) -> None:
    (modules / "marked_actions.py").write_text(MODULE)
    (modules / "plain_actions.py").write_text(
        "from json import dumps\ndef pay(p): ...\ndef _no(p): ...\nclass Bill: ...\n"
    )

    assert list(actions_of(load_module("marked_actions"))) == [
        *("text.count", "text.fail"),
    ]
    assert list(actions_of(load_module("plain_actions.py"))) == ["pay"]
    with pytest.raises(ConfigurationError, match="expected functions"):
        actions_of(module())


def test_a_module_that_cannot_be_had_is_named(
    modules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (modules / "broken_actions.py").write_text("import nowhere_at_all\n")
    (modules / "json.py").write_text("def pay(p): ...\n")

    for name in ("no_such_module", "no/such/file.py"):
        with pytest.raises(UsageFailure, match=r"no module|No such file"):
            load_module(name)
    with pytest.raises(UsageFailure, match="the name of another module"):
        load_module("json.py")
    with pytest.raises(Failure, match="No module named 'nowhere_at_all'"):
        load_module("broken_actions")
    assert "Traceback" in capsys.readouterr().err


def test_a_worker_on_a_socket_serves_tells_of_each_job_and_ends_when_asked(
    mobius: CommandLine, home: Path
) -> None:
    (home / "my_actions.py").write_text(MODULE)
    (home / "count.yaml").write_text(
        "name: count\nsteps:\n"
        "  - {name: s, action: text.count, parameters: {text: one two}}\n"
    )
    (home / "fail.yaml").write_text(
        "name: fail\nsteps:\n  - {name: s, action: text.fail}\n"
    )
    here = {**os.environ, "PYTHONPATH": str(ROOT)}
    worker = subprocess.Popen(
        [*PROGRAM, "worker", "my_actions", "--transport", "socket", "--name", "w"],
        cwd=home,
        env=here,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    counted = mobius("runs", "start", "--spec", "count.yaml", "--watch")
    failed = mobius("runs", "start", "--spec", "fail.yaml", "--watch")
    listed = mobius.ok("workers", "list")["items"]
    worker.send_signal(signal.SIGINT)
    out, err = worker.communicate(timeout=30)

    assert worker.returncode == 0, err
    assert (counted.code, failed.code) == (0, 1)
    assert counted.lines[-1]["data"]["status"] == "completed"
    assert failed.lines[-1]["data"]["error_message"] == "no text [here]"
    assert [one["name"] for one in listed] == ["w"]
    assert '"action": "text.count"' in out.splitlines()[0]
    assert '"error": "ValueError: no text [here]"' in out
    assert "w serves text.count, text.fail on default" in err


def test_ctrl_c_ends_with_130_and_a_closed_pipe_in_silence(
    mobius: CommandLine, home: Path
) -> None:
    here = {**os.environ, "PYTHONPATH": str(ROOT)}
    (home / "wait.yaml").write_text(
        "name: w\nsteps: [{name: s, wait_signal: {topic: x, timeout: 1h}}]\n"
    )
    run = mobius.ok("runs", "start", "--spec", "wait.yaml")["id"]
    follow = ["runs", "watch", run]
    watching, piped = (
        subprocess.Popen(
            [*PROGRAM, *follow],
            cwd=home,
            env=here,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    )
    assert watching.stdout is not None
    assert piped.stdout is not None

    assert '"run.started"' in watching.stdout.readline()
    watching.send_signal(signal.SIGINT)
    _, told = watching.communicate(timeout=30)
    assert watching.returncode == 130
    assert f"mobius runs watch {run} --after" in told
    assert "Traceback" not in told

    piped.stdout.readline()
    piped.stdout.close()
    mobius.ok("runs", "cancel", run)
    assert piped.stderr is not None
    assert piped.stderr.read() == ""
    assert piped.wait(timeout=30) == 141
    piped.stderr.close()
