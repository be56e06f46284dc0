"""A network between a client and a server that a test can lose and find again."""

import contextlib
import socket
import threading
from collections.abc import Iterator


class StallingProxy:
    """Passes bytes both ways. While it stalls they are kept, and nobody is told."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._there = threading.Event()
        self._back = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self._cut: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.flow()
        self._run(self._accept)

    def stall(self, *, answers_only: bool = False) -> None:
        """Lose the network, or only the way back."""
        self._back.clear()
        if not answers_only:
            self._there.clear()

    def flow(self) -> None:
        """Find it again: what was sent meanwhile arrives."""
        self._there.set()
        self._back.set()

    def cut(self) -> None:
        """Break every connection; new ones can be made."""
        broken, self._sockets = self._sockets, []
        for each in broken:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._cut += broken

    def close(self) -> None:
        """End everything."""
        self.flow()
        for each in (self._listener, *self._sockets, *self._cut):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join()

    def _run(self, call: object, *arguments: object) -> None:
        thread = threading.Thread(target=call, args=arguments)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                self._sockets += [client, server]
                self._run(self._pass, client, server, self._there)
                self._run(self._pass, server, client, self._back)

    def _pass(
        self, source: socket.socket, target: socket.socket, flows: threading.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                flows.wait()
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def stalling_proxy(url: str) -> Iterator[StallingProxy]:
    """A proxy before the server at ``url``."""
    proxy = StallingProxy(int(url.rpartition(":")[2]))
    try:
        yield proxy
    finally:
        proxy.close()
