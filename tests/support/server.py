"""The web process for tests: the real application on a real socket, in a thread."""

import contextlib
import socket
import threading
import warnings
from collections.abc import Callable, Iterator

import uvicorn

from apps.realtime.bridge import close_threads
from tests.support.waiting import wait_until


@contextlib.contextmanager
def running_server() -> Iterator[str]:
    """Serve ``mobius.asgi`` on a free loopback port; yields the base URL.

    It shares the test's settings and database. One at a time: the streams, the
    subscription and the held claims of a process are its own.
    """
    with stoppable_server() as (url, _):
        yield url


@contextlib.contextmanager
def stoppable_server() -> Iterator[tuple[str, Callable[[], None]]]:
    """The same; yields the base URL and what begins to stop the server, as a signal
    would: it has two seconds for what is under way."""
    with warnings.catch_warnings():
        # Whitenoise says so when static files have not been collected.
        warnings.filterwarnings("ignore", "No directory at", UserWarning)
        from mobius.asgi import application

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        application,
        http="httptools",
        ws="mobius.websockets:WebSockets",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name="test-server"
    )
    thread.start()

    def stop() -> None:
        server.should_exit = True

    try:
        wait_until(lambda: server.started or not thread.is_alive())
        assert server.started, "the server did not start"
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", stop
    finally:
        stop()
        thread.join(timeout=20)
        listener.close()
        close_threads()
        assert not thread.is_alive(), "the server did not stop"
