"""``version`` and ``completion``."""

from typing import Final

import click
from click.shell_completion import get_completion_class

from mobius import __version__
from mobius.cli.failures import UsageFailure
from mobius.cli.shell import Command, Session, with_session

SHELLS: Final = ("bash", "zsh", "fish")


@click.command(cls=Command, examples=("mobius version",))
@with_session
def version(session: Session) -> None:
    """Print the version of this command."""
    session.out.document({"version": __version__}, [f"mobius {__version__}"])


@click.command(
    cls=Command,
    examples=(
        "mobius completion bash >> ~/.bashrc",
        "mobius completion fish > ~/.config/fish/completions/mobius.fish",
    ),
)
@click.argument("shell", type=click.Choice(SHELLS))
@with_session
def completion(session: Session, shell: str) -> None:
    """Print a script that completes commands and options in a shell.

    It works for a command that is called mobius and is on the PATH, or an alias.
    """
    from mobius.cli.main import COMPLETE_VARIABLE, NAME, cli

    made = get_completion_class(shell)
    if made is None:
        raise UsageFailure(f"{shell}: expected one of {', '.join(SHELLS)}")
    session.out.raw(made(cli, {}, NAME, COMPLETE_VARIABLE).source())
