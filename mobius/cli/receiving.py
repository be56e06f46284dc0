"""A receiver of webhooks on this machine: checks what comes and prints it."""

import queue
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from rich.markup import escape

from mobius.cli.failures import FAILED, Failure
from mobius.cli.output import say
from mobius.cli.progress import Spinner
from mobius.cli.shell import Session, interruptible
from mobius.cli.tables import short

HOST: Final = "127.0.0.1"
PING: Final = "ping"
BODY_BYTES_MAX: Final = 4 * 1024 * 1024
READ_SECONDS: Final = 10
_LOOPBACK_HINT: Final = (
    "let the server deliver to this machine: start it with "
    "MOBIUS_OUTBOUND_ALLOW=127.0.0.0/8"
)


class Receiver:
    """Listens on a loopback port; what was received stands in ``received``.

    An item is ``{verified, type?, id?, data?, reason?}``. ``key`` is what deliveries
    are signed with; until it is known they are turned away with 503, to come again.
    With ``hides_pings`` those are taken and not kept.
    """

    def __init__(self, port: int) -> None:
        self.key: str | None = None
        self.hides_pings = False
        self.received: queue.Queue[dict[str, Any]] = queue.Queue()
        self._seen: Any = None
        try:
            self._server = ThreadingHTTPServer((HOST, port), _handler_for(self))
        except OSError as error:
            raise Failure(f"port {port} cannot be used: {error.strerror}") from None
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self._server.server_address[1]}/"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Receive for as long as this lasts."""
        thread = threading.Thread(target=self._server.serve_forever, args=[0.05])
        thread.start()
        try:
            yield
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def take(self, body: bytes, headers: dict[str, str]) -> int:
        """Check one delivery, keep what came of it, return the status to answer."""
        from mobius.sdk import ReplayCache, WebhookRejected, verify_webhook

        if self.key is None:
            return 503
        self._seen = self._seen or ReplayCache()
        try:
            event = verify_webhook(body, headers, self.key, seen=self._seen)
        except WebhookRejected as error:
            self.received.put(
                {"verified": False, "reason": error.reason, "message": str(error)}
            )
            # One that came before was taken then; the sender need not try again.
            return 200 if error.reason == "replayed" else 400
        if event.type == PING and self.hides_pings:
            return 200
        self.received.put(
            {"verified": True, "type": event.type, "id": event.delivery_id}
            | {"data": event.data}
        )
        return 200


def listen_for(
    session: Session,
    *,
    port: int,
    secret: str | None,
    events: Sequence[str],
    count: int | None,
) -> None:
    """Print deliveries until Ctrl-C, or until ``count`` genuine ones have come.

    Without ``secret`` a webhook is registered for as long as this lasts.
    """
    receiver = Receiver(port)
    with interruptible(), receiver.running():
        if secret is not None:
            receiver.key = secret
            _print_what_comes(session, receiver, count)
            return
        with _registered(session, receiver, events):
            _print_what_comes(session, receiver, count)


@contextmanager
def _registered(
    session: Session, receiver: Receiver, events: Sequence[str]
) -> Iterator[None]:
    """A webhook that points here, for as long as this lasts.

    Raises:
        Failure: the server does not get through to here.
    """
    receiver.hides_pings = True
    name = f"mobius listen {secrets.token_hex(4)}"
    made = session.client.webhooks.create(name, receiver.url, events)
    try:
        receiver.key = str(made["signing_secret"])
        pinged = session.client.webhooks.ping(made["id"])
        if not pinged["success"]:
            why = pinged.get("error") or f"HTTP {pinged.get('status_code')}"
            raise Failure(
                f"the server does not get through to {receiver.url}: {why}",
                code="not_reachable",
                hint=_LOOPBACK_HINT,
                exit_code=FAILED,
            )
        yield
    finally:
        session.client.webhooks.delete(made["id"])


def _print_what_comes(session: Session, receiver: Receiver, count: int | None) -> None:
    say(f"Listening on {receiver.url}; Ctrl-C ends it.")
    left = count
    with Spinner("waiting for deliveries") as spinner:
        while left != 0:
            item = receiver.received.get()
            with spinner.paused():
                session.out.line(item, _line(item))
            if item["verified"] and left is not None:
                left -= 1


def _line(item: dict[str, Any]) -> str:
    if not item["verified"]:
        return (
            f"[red]refused[/red]  {escape(item['reason'])}: {escape(item['message'])}"
        )
    kind = f"[bold]{escape(item['type']):<24}[/bold]"
    return f"[green]genuine[/green]  {kind} {escape(short(item['data']))}"


def _handler_for(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = READ_SECONDS

        def do_POST(self) -> None:
            size = self.headers.get("Content-Length", "")
            if not size.isdigit() or int(size) > BODY_BYTES_MAX:
                self.close_connection = True
                self._answer(413 if size.isdigit() else 411)
                return
            body = self.rfile.read(int(size))
            self._answer(receiver.take(body, dict(self.headers.items())))

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: what came is printed as a result."""

    return Handler
