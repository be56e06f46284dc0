"""Every command explains itself, and its examples are commands."""

import inspect
import shlex
from collections.abc import Iterator

import click
import pytest

from mobius.cli.main import NAME, cli
from mobius.cli.shell import Command
from tests.cli.conftest import CommandLine

#: What a shell would take off before the command sees its arguments.
REDIRECTIONS = ("<", ">", ">>")
PAGING = {"limit", "cursor", "everything"}


def leaves(
    command: click.Command = cli, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Command]]:
    """Every command that does something, with the words that name it."""
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from leaves(below, (*path, name))
    else:
        assert isinstance(command, Command)
        yield path, command


LEAVES = dict(leaves())
EXAMPLES = [(path, line) for path, leaf in LEAVES.items() for line in leaf.examples]


def test_there_is_a_command_for_everything_that_was_asked_for() -> None:
    told = {" ".join(path) for path in LEAVES}

    assert told >= {
        *("login", "logout", "whoami", "version", "completion", "worker"),
        *(f"workflows {verb}" for verb in ("apply", "list", "get")),
        *(f"loops {verb}" for verb in ("list", "get", "start")),
        *(f"automations {verb}" for verb in ("list", "get", "start")),
        "automations stream-automation-run-events",
        *(f"runs {verb}" for verb in ("start", "get", "watch", "list", "cancel")),
        *(f"runs {verb}" for verb in ("retry", "signal", "diagnose")),
        *(f"interactions {verb}" for verb in ("list", "get", "respond")),
        *(f"events {verb}" for verb in ("publish", "list", "tail")),
        *(f"webhooks {verb}" for verb in ("list", "create", "ping", "deliveries")),
        *(f"webhooks {verb}" for verb in ("redeliver", "verify", "listen")),
        *(f"keys {verb}" for verb in ("list", "create", "revoke")),
        *("workers list", "audit list"),
    }


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_the_help_of_a_command_has_examples(
    path: tuple[str, ...], offline: CommandLine
) -> None:
    ran = offline(*path, "--help")

    assert ran.code == 0
    assert "Examples:\n  mobius " in ran.out
    assert "--output" in ran.out


@pytest.mark.parametrize(("path", "line"), EXAMPLES, ids=lambda value: str(value))
def test_an_example_is_a_command_that_parses(path: tuple[str, ...], line: str) -> None:
    program, *words = shlex.split(line)
    ends = [words.index(sign) for sign in REDIRECTIONS if sign in words]
    words = words[: min(ends, default=len(words))]

    context = cli.make_context(NAME, list(words))
    command: click.Command = cli
    while isinstance(command, click.Group):
        rest = [*context._protected_args, *context.args]
        name, found, rest = command.resolve_command(context, rest)
        assert found is not None
        command, context = found, found.make_context(name, rest, parent=context)

    assert program == NAME
    assert context.command is LEAVES[path]


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_a_command_takes_what_its_options_give(path: tuple[str, ...]) -> None:
    leaf = LEAVES[path]
    assert leaf.callback is not None
    taken = inspect.signature(leaf.callback).parameters
    given = {parameter.name for parameter in leaf.own}
    if given >= PAGING:
        given = given - PAGING | {"paging"}

    assert next(iter(taken)) == "session"
    if not any(one.kind is one.VAR_KEYWORD for one in taken.values()):
        assert set(taken) - {"session"} == given


@pytest.mark.parametrize(
    "words",
    [
        ("runs", "strat"),
        ("runs", "list", "--limit", "0"),
        ("runs", "start"),
        ("runs", "start", "a", "--input", "novalue"),
        ("runs", "start", "a", "--input", "n:=not json"),
        ("interactions", "respond", "iact_1"),
        ("webhooks", "listen"),
    ],
)
def test_a_wrong_command_line_is_told_in_one_line_and_ends_with_2(
    words: tuple[str, ...], offline: CommandLine
) -> None:
    ran = offline(*words)

    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.startswith("error: ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_a_completion_for_a_shell(shell: str, offline: CommandLine) -> None:
    assert "_MOBIUS_COMPLETE" in offline("completion", shell).out


def test_completion_knows_the_commands(
    offline: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_MOBIUS_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "mobius runs st")
    monkeypatch.setenv("COMP_CWORD", "2")

    assert offline().out == "plain,start\n"
