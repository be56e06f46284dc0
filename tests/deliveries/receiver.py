"""Somebody else's server: takes requests, remembers them, answers what it is told."""

import contextlib
import hashlib
import hmac
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Received:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    def is_signed_with(self, key: bytes) -> bool:
        """Verify the signature as the published guide says."""
        said = self.headers
        names = ("x-mobius-delivery-id", "x-mobius-timestamp")
        assert said["x-mobius-signature-version"] == "v1"
        plain = ".".join(["v1", *(said[name] for name in names)]).encode()
        expected = hmac.new(key, plain + b"." + self.body, hashlib.sha256)
        return said["x-mobius-signature"] == f"sha256={expected.hexdigest()}"


@dataclass
class Receiver:
    """What came in and what is answered: ``script`` first, one after another, then
    ``status``. ``before`` runs while the sender waits."""

    url: str
    status: int = 200
    answer: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)
    script: list[int] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    before: Callable[[], object] = lambda: None


@contextlib.contextmanager
def running_receiver() -> Iterator[Receiver]:
    """Listen on a free loopback port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_PUT(self) -> None:
            self.do_POST()

        def do_DELETE(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            one = Received(self.path, headers, self.rfile.read(length))
            receiver.received.append(one)
            receiver.before()
            status = receiver.script.pop(0) if receiver.script else receiver.status
            self.send_response(status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(receiver.answer)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(receiver.answer)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_address[1]}/hook")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
