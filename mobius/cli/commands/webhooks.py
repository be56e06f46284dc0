"""``webhooks``: endpoints of yours, what was delivered, and checking a delivery."""

import os
from typing import Final

import click
from rich.markup import escape

from mobius.cli.failures import FAILED, Failure, UsageFailure
from mobius.cli.inputs import STDIN, read_bytes, read_text
from mobius.cli.lists import Paging, page_options, paged
from mobius.cli.progress import Spinner
from mobius.cli.shell import Group, Session, with_session
from mobius.cli.tables import columns, status_text

SECRET_VARIABLE: Final = "MOBIUS_WEBHOOK_SECRET"  # noqa: S105 - a name
_WEBHOOKS: Final = columns(
    "id:id", "name", "url", "events", "enabled:flag", "created=created_at:ago"
)
_DELIVERIES: Final = columns(
    "id:id",
    "event=event_type",
    "status=status:status",
    "attempts",
    "run=run_id",
    "created=created_at:ago",
    "delivered=delivered_at:ago",
    "error=last_error",
)
WEBHOOK = click.argument("webhook", metavar="ID")


@click.group(cls=Group)
def webhooks() -> None:
    """Webhooks: create, ping, look at deliveries, check signatures."""


@webhooks.command("list", examples=("mobius webhooks list",))
@page_options
@with_session
def list_webhooks(session: Session, paging: Paging) -> None:
    """List webhooks, newest first."""
    items, whole = paged(session, "webhooks", {}, paging)
    session.out.table(items, _WEBHOOKS, page=whole, empty="no webhooks")


@webhooks.command(
    "create",
    examples=("mobius webhooks create ci https://ci.example.com/hook --event 'run.*'",),
)
@click.argument("name")
@click.argument("url")
@click.option("--event", "events", multiple=True, help="a type or pattern; all if none")
@click.option("--disabled", is_flag=True, help="send nothing yet")
@with_session
def create(
    session: Session, name: str, url: str, events: tuple[str, ...], disabled: bool
) -> None:
    """Create a webhook. Its signing key is printed once, on standard output."""
    made = session.client.webhooks.create(name, url, events, enabled=not disabled)
    session.out.document(
        made,
        [
            f"Webhook [bold]{made['id']}[/bold]; its signing key, shown this once:",
            escape(str(made.get("signing_secret", ""))),
        ],
    )


@webhooks.command("ping", examples=("mobius webhooks ping wh_01…",))
@WEBHOOK
@with_session
def ping(session: Session, webhook: str) -> None:
    """Send a ping now and say what came of it; 1 if it was not taken."""
    with Spinner("waiting for the receiver"):
        found = session.client.webhooks.ping(webhook)
    verdict = "delivered" if found["success"] else "failed"
    why = found.get("error") or f"HTTP {found.get('status_code')}"
    session.out.done(
        found, f"{status_text(verdict)} in {found['latency_ms']} ms: {escape(why)}"
    )
    if not found["success"]:
        raise click.exceptions.Exit(FAILED)


@webhooks.command("deliveries", examples=("mobius webhooks deliveries wh_01… --all",))
@WEBHOOK
@page_options
@with_session
def deliveries(session: Session, webhook: str, paging: Paging) -> None:
    """List what was and will be sent, newest first."""
    from mobius.sdk.configuration import part

    path = f"webhooks/{part(webhook, 'ID')}/deliveries"
    items, whole = paged(session, path, {}, paging)
    session.out.table(items, _DELIVERIES, page=whole, empty="no deliveries")


@webhooks.command("redeliver", examples=("mobius webhooks redeliver wh_01… dlv_01…",))
@WEBHOOK
@click.argument("delivery", metavar="DELIVERY")
@with_session
def redeliver(session: Session, webhook: str, delivery: str) -> None:
    """Send a delivery again, under the same id."""
    sent = session.client.webhooks.redeliver(webhook, delivery)
    session.out.done(sent, f"[bold]{delivery}[/bold] {status_text(sent['status'])}")


@webhooks.command(
    "verify",
    examples=(
        "mobius webhooks verify body.json --headers headers.txt",
        "mobius webhooks verify - -H 'X-Mobius-Signature: sha256=…' < body.json",
        "mobius webhooks verify body.json --headers h.txt --secret-stdin < secret.txt",
    ),
)
@click.argument("body", metavar="FILE")
@click.option("-H", "--header", "lines", multiple=True, metavar="'NAME: VALUE'")
@click.option("--headers", "file", metavar="FILE", help="one header a line")
@click.option(
    "--secret-stdin",
    is_flag=True,
    help=f"read the key from standard input instead of {SECRET_VARIABLE}",
)
@click.option(
    "--body-only", is_flag=True, help="a secret of your own signs the body alone"
)
@click.option(
    "--tolerance", default=300, show_default=True, help="seconds it may be old"
)
@with_session
def verify(
    session: Session,
    body: str,
    lines: tuple[str, ...],
    file: str | None,
    secret_stdin: bool,
    body_only: bool,
    tolerance: int,
) -> None:
    """Check a delivery that was received: signature and age. 1 if it is not genuine.

    FILE is the body, byte for byte; - is standard input. No server is asked.
    """
    from mobius.sdk import WebhookRejected, verify_webhook

    if secret_stdin and STDIN in (body, file):
        raise UsageFailure("standard input is the secret or the body, not both")
    secret = _secret(secret_stdin)
    more = read_text(file).splitlines() if file else []
    headers = _headers([*more, *lines])
    try:
        event = verify_webhook(
            read_bytes(body), headers, secret, tolerance=tolerance, body_only=body_only
        )
    except WebhookRejected as error:
        why = str(error).removesuffix(f" ({error.reason})")
        raise Failure(
            f"not genuine: {why}", code=error.reason, exit_code=FAILED
        ) from None
    told = {"genuine": True, "type": event.type, "id": event.delivery_id}
    told["data"] = event.data
    session.out.done(
        told,
        f"[green]genuine[/green]: {escape(event.type)}, {escape(event.delivery_id)}",
    )


@webhooks.command(
    "listen",
    examples=(
        "mobius webhooks listen --create --event 'run.*'",
        'mobius webhooks listen --port 9000 --secret "$KEY"',
    ),
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="any by default")
@click.option(
    "--secret", envvar=SECRET_VARIABLE, help=f"the key; better {SECRET_VARIABLE}"
)
@click.option("--create", "register", is_flag=True, help="register it")
@click.option("--event", "events", multiple=True, help="with --create: types, patterns")
@click.option("--count", type=click.IntRange(min=1), help="end after so many")
@with_session
def listen(
    session: Session,
    port: int,
    secret: str | None,
    register: bool,
    events: tuple[str, ...],
    count: int | None,
) -> None:
    """Receive deliveries on this machine, check each and print it, until Ctrl-C.

    With --create the server is told to deliver here, and told to stop at the end. It
    must allow deliveries to this machine: MOBIUS_OUTBOUND_ALLOW.
    """
    if register == bool(secret):
        raise UsageFailure(
            f"expected either --create or a key in {SECRET_VARIABLE} (or --secret)"
        )
    if events and not register:
        raise UsageFailure("--event goes with --create")
    from mobius.cli.receiving import listen_for  # with a server of HTTP

    listen_for(session, port=port, secret=secret, events=events, count=count)


def _secret(from_stdin: bool) -> str:
    secret = (
        read_text(STDIN).strip() if from_stdin else os.environ.get(SECRET_VARIABLE, "")
    )
    if not secret:
        raise UsageFailure(
            f"expected the signing key in {SECRET_VARIABLE}, or --secret-stdin"
        )
    return secret


def _headers(lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise UsageFailure(f"header {line!r}: expected NAME: VALUE")
        found[name.strip()] = value.strip()
    return found
