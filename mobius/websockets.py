"""How uvicorn speaks WebSocket here: ``--ws mobius.websockets:WebSockets``.

The same as ``websockets-sansio`` but for three things. A server that stops tells the
application and leaves the sockets open, so that workers can finish what they have.
Nothing is compressed, which would cost each socket more than everything else. And a
peer is not given up before the lease of its jobs would be.
"""

from typing import Any, Final

from django.conf import settings
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from apps.realtime.websocket import STOPPING

PING_SECONDS: Final = 20.0
#: A connection that was closed and whose peer takes no bytes any more is dropped.
ABORT_SECONDS: Final = 15.0


class WebSockets(WebSocketsSansIOProtocol):  # type: ignore[misc]
    """One connection."""

    def __init__(self, config: Any, *args: Any, **options: Any) -> None:
        config.ws_per_message_deflate = False
        config.ws_max_size = settings.REQUEST_BYTES_MAX
        super().__init__(config, *args, **options)
        self.ping_interval = PING_SECONDS
        self.ping_timeout = max(PING_SECONDS, settings.LEASE.total_seconds())

    def shutdown(self) -> None:
        """The server stops: say so where frames are read, and let them end it."""
        if not self.handshake_complete or self.close_sent:
            super().shutdown()
            return
        self.queue.put_nowait({"type": STOPPING})

    def on_task_complete(self, task: Any) -> None:
        """The application has ended; its connection ends soon, whatever the peer does.

        Without this, what a peer does not read would keep the connection for ever.
        """
        super().on_task_complete(task)
        self.loop.call_later(ABORT_SECONDS, self.transport.abort)

    def keepalive_timeout(self) -> None:
        """The peer is silent: its connection ends, and what waits for it is dropped."""
        super().keepalive_timeout()
        self.transport.abort()
