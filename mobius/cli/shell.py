"""What every command has in common: options, examples, a session with the server."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

import click

from mobius.cli.connection import Connection, Wanted, resolve
from mobius.cli.output import FORMATS, Output

if TYPE_CHECKING:
    from mobius.sdk import Client

#: A person waits: give up sooner than a service would.
RETRIES: Final = 2
TIMEOUT_SECONDS: Final = 60.0


class Session:
    """One invocation: what was asked for on the command line, and the client."""

    def __init__(self) -> None:
        self.profile = self.base_url = self.project = self.format = ""
        self._client: Client | None = None
        self._connection: Connection | None = None

    @property
    def out(self) -> Output:
        """Where results go."""
        return Output(self.format)

    @property
    def connection(self) -> Connection:
        """Where to call; raises Failure when nobody says."""
        if self._connection is None:
            wanted = Wanted(self.profile, self.base_url, self.project)
            self._connection = resolve(wanted)
        return self._connection

    @property
    def client(self) -> "Client":
        """The client, opened at first use; it knows the project."""
        if self._client is None:
            from mobius.cli.projects import with_project

            self._client = open_client(with_project(self.connection))
        return self._client

    def close(self) -> None:
        """Close the client."""
        if self._client is not None:
            self._client.close()


def open_client(connection: Connection, *, retries: int = RETRIES) -> "Client":
    """A client of this server."""
    from mobius.sdk import Client

    return Client(
        connection.base_url,
        connection.api_key,
        connection.project or None,
        timeout=TIMEOUT_SECONDS,
        retries=retries,
    )


def with_session(function: Callable[..., None]) -> Callable[..., None]:
    """Hand a command the session as its first argument."""

    @wraps(function)
    def run(*args: Any, **named: Any) -> None:
        session = click.get_current_context().ensure_object(Session)
        function(session, *args, **named)

    return run


def _keep(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    session = ctx.ensure_object(Session)
    if value is not None and parameter.name is not None:
        setattr(session, parameter.name, value)


def shared_options() -> list[click.Option]:
    """The options that stand before or behind any command."""
    told: list[tuple[list[str], dict[str, Any]]] = [
        (["--profile"], {"metavar": "NAME", "help": "a profile of mobius login"}),
        (["--base-url"], {"metavar": "URL", "help": "another server"}),
        (["--project"], {"metavar": "HANDLE", "help": "another project"}),
        (
            ["-o", "--output", "format"],
            {
                "type": click.Choice(FORMATS),
                "help": "by default table on a terminal, else json",
            },
        ),
    ]
    return [
        click.Option(names, expose_value=False, callback=_keep, **more)
        for names, more in told
    ]


class Command(click.Command):
    """A command with the shared options and with examples in its help."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **more: Any) -> None:
        super().__init__(*args, **more)
        self.examples = tuple(examples)
        self.own = list(self.params)
        self.params += shared_options()

    def format_options(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write its own options, then those of every command."""
        rest = [p for p in self.get_params(ctx) if p not in self.own]
        for title, found in (("Options", self.own), ("Everywhere", rest)):
            rows = [r for p in found if (r := p.get_help_record(ctx)) is not None]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        if self.examples:
            formatter.write_paragraph()
            formatter.write_heading("Examples")
            for line in self.examples:
                formatter.write(f"  {line}\n")


class Group(click.Group):
    """Commands about one kind of thing."""

    command_class = Command

    def __init__(self, *args: Any, **more: Any) -> None:
        more.setdefault("no_args_is_help", True)
        super().__init__(*args, **more)


@contextmanager
def interruptible() -> Iterator[None]:
    """End quietly at Ctrl-C: for what goes on until somebody stops it."""
    try:
        yield
    except KeyboardInterrupt:
        raise click.exceptions.Exit(130) from None
