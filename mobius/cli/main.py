"""The command and its exit codes; see ``failures`` for what each means."""

import os
import sys
from collections.abc import Sequence
from typing import Any, Final

import click
from click.shell_completion import shell_complete

from mobius.cli.commands.access import login, logout, whoami
from mobius.cli.commands.events import events
from mobius.cli.commands.interactions import interactions
from mobius.cli.commands.linear import automations, loops
from mobius.cli.commands.records import audit, keys
from mobius.cli.commands.runs import runs
from mobius.cli.commands.tools import completion, version
from mobius.cli.commands.webhooks import webhooks
from mobius.cli.commands.workers import worker, workers
from mobius.cli.commands.workflows import workflows
from mobius.cli.failures import INTERRUPTED, USAGE, failure_of
from mobius.cli.output import complain
from mobius.cli.shell import Group, Session, shared_options

NAME: Final = "mobius"
COMPLETE_VARIABLE: Final = "_MOBIUS_COMPLETE"
#: As if the signal SIGPIPE had ended it.
PIPE_CLOSED: Final = 141


@click.group(
    cls=Group,
    name=NAME,
    params=list(shared_options()),
    epilog="Exit codes: 0 done, 1 it failed, 2 usage, 3 no access, 4 not found, "
    "5 conflict, 6 not reachable or busy, 130 Ctrl-C.",
)
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Durable workflows from the command line.

    It finds the system that manage.py up runs here by itself; mobius login keeps
    another one. Tables on a terminal, JSON elsewhere.
    """
    ctx.call_on_close(ctx.ensure_object(Session).close)


for _command in (
    *(login, logout, whoami, workflows, automations, loops, runs, interactions),
    *(events, workers, worker, webhooks, keys, audit, version, completion),
):
    cli.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    asked = os.environ.get(COMPLETE_VARIABLE)
    if asked:
        return shell_complete(cli, {}, NAME, COMPLETE_VARIABLE, asked)
    try:
        code = _run(words)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has gone: nothing more to say, also not at the end of Python.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    return code


def _run(words: list[str]) -> int:
    try:
        with cli.make_context(NAME, words) as ctx:
            cli.invoke(ctx)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except (click.Abort, KeyboardInterrupt, EOFError):
        return INTERRUPTED
    except click.ClickException as error:
        complain(_usage_lines(error))
        return USAGE
    except Exception as error:
        failure = failure_of(error)
        if failure is None:
            raise
        complain(failure.lines())
        return failure.exit_code
    return 0


def _usage_lines(error: click.ClickException) -> list[str]:
    context: Any = getattr(error, "ctx", None)
    path = context.command_path if context is not None else NAME
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return [error.format_message()]
    return [f"error: {error.format_message()} (usage)", f"hint: {path} --help"]
