"""One worker's socket: its frames, and what is asked of it from outside.

One coroutine per socket reads frames, one after the other: who sends faster than it is
served is read more slowly. An open claim is a second one, for as long as it is held.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Mapping
from typing import Final

from django.db import DatabaseError

from apps.api.rendering import read_json
from apps.identity.authentication import Caller
from apps.jobs import frames
from apps.jobs.services.enqueue import RUN_OVER
from apps.jobs.services.keep_sessions import Filter, close_session
from apps.jobs.socket_calls import Calls, shown
from apps.jobs.socket_claims import Claims
from apps.jobs.socket_hands import Frame, Hands, Reply
from apps.jobs.sockets import sockets
from apps.kernel.errors import (
    Conflict,
    Invalid,
    MobiusError,
    Unauthenticated,
)
from apps.realtime.bridge import hop, hop_until_answered
from apps.realtime.websocket import (
    GOING_AWAY,
    NORMAL,
    POLICY,
    RESTART,
    Channel,
    Stopping,
)

#: How long a socket may be silent about who it is.
REGISTER_SECONDS_MAX: Final = 30.0
#: Proxies and clients give up on a connection that says nothing for longer.
KEEP_ALIVE_SECONDS: Final = 22.0
#: Frames a second that a socket is served; so many more at once after a silence.
FRAMES_PER_SECOND: Final = 500
FRAMES_AT_ONCE: Final = 1000
MESSAGE_ID_MAX: Final = 128


class WorkerSocket:
    """One worker's socket, from the upgrade on.

    ``worker_row`` is "" until the worker has registered.
    """

    __slots__ = (
        *("_calls", "_channel", "_claims", "_hands", "_keep_alive_at", "_opened_at"),
        *("_project_id", "_served", "_served_at", "_stopping"),
        *("connection_id", "key_id", "worker_row"),
    )

    def __init__(
        self, channel: Channel, caller: Caller, authorization: str | None
    ) -> None:
        now = asyncio.get_running_loop().time()
        self._channel = channel
        self._calls = Calls(authorization, caller.project_id)
        self._project_id = caller.project_id
        self._hands = Hands(self, caller.project_id, channel, self._calls, self._freed)
        self._claims: Claims | None = None
        self._opened_at = self._served_at = now
        self._keep_alive_at = now + KEEP_ALIVE_SECONDS
        self._served = 0.0
        self._stopping = False
        self.connection_id = f"conn_{secrets.token_hex(16)}"
        self.key_id = caller.key_id
        self.worker_row = ""

    async def run(self) -> None:
        """Serve frames until the worker hangs up or is let go."""
        sockets.add(self)
        try:
            while (frame := await self._channel.read()) is not None:
                if isinstance(frame, Stopping):
                    self._stop()
                else:
                    await self._throttle()
                    await self._serve(frame)
        except asyncio.CancelledError:
            # The server has no more time; its end is not for us to hold up.
            self.shut()
        finally:
            await self._end()

    async def _end(self) -> None:
        # In this order: a claim that is under way finds out that nobody reads it.
        self._channel.close(NORMAL)
        if self._claims is not None:
            self._claims.end()
        sockets.remove(self)
        if self.worker_row:
            with contextlib.suppress(DatabaseError):  # the row grows stale by itself
                await hop(close_session, self.worker_row, self.connection_id)
        await self._channel.finish()

    async def _throttle(self) -> None:
        """Wait before serving a frame of somebody who sends too many."""
        now = asyncio.get_running_loop().time()
        passed = (now - self._served_at) * FRAMES_PER_SECOND
        self._served = max(0.0, self._served - passed) + 1
        self._served_at = now
        if self._served > FRAMES_AT_ONCE:
            await asyncio.sleep((self._served - FRAMES_AT_ONCE) / FRAMES_PER_SECOND)

    async def _serve(self, raw: str | bytes) -> None:
        reply: Reply = self._channel.write
        try:
            frame = read_json(raw.encode() if isinstance(raw, str) else raw)
            if not isinstance(frame, dict):
                raise Invalid("expected a JSON object")
            reply = self._replying(frame.get("message_id"))
            await self._take(frame, reply)
        except Exception as error:
            self._failed(error, reply)

    def _replying(self, message_id: object) -> Reply:
        """Return what answers under the id of a frame, if it has one."""
        if not isinstance(message_id, str) or len(message_id) > MESSAGE_ID_MAX:
            return self._channel.write
        return lambda frame: self._channel.write({**frame, "message_id": message_id})

    async def _take(self, frame: Frame, reply: Reply) -> None:
        kind = frame.get("type")
        if kind == "keepalive":
            return
        if kind == "worker.register":
            await self._register(frame, reply)
            return
        if self._claims is None:
            self._refuse(Conflict("register first", code="not_registered"), reply)
            return
        match kind:
            case "jobs.claim":
                self._claims.claim(frame, reply)
            case "worker.ready":
                self._claims.ready(frame)
            case "job.heartbeat":
                await self._hands.heartbeat(frame, reply)
            case "job.report":
                await self._hands.report(frame, reply)
            case "generation.delta":
                await self._hands.delta(frame, reply)
            case "worker.draining":
                self._claims.leave()
                reply({"type": "worker.draining.ack"})
            case _:
                raise Invalid(f"type: {str(kind)[:64]!r} is no frame of a worker")

    async def _register(self, frame: Frame, reply: Reply) -> None:
        if self._claims is not None:
            raise Conflict("this socket is registered", code="already_registered")
        wanted, slots = frames.read_registration(frame)
        try:
            session = await hop_until_answered(
                self._calls.register, wanted, self.connection_id
            )
        except Conflict as error:
            self._refuse(error, reply)
            return
        self.worker_row = session.worker_row
        self._claims = Claims(
            self._project_id,
            wanted,
            (self.worker_row, self.connection_id),
            self._channel,
            self._calls,
            self._hands,
            self._failed,
        )
        sockets.replace([session.before])
        reply(frames.registered(session))
        for job_id, stop in session.held.items():
            self._hands.take(job_id)
            if stop:
                self.stop_job(job_id, RUN_OVER, None)
        if session.draining:
            self.drain()
        elif self._stopping:
            self._stop()
        else:
            self._claims.has_room(slots)

    def _refuse(self, error: MobiusError, reply: Reply) -> None:
        reply(frames.error(error.error_code, error.message))
        self._channel.close(POLICY, error.error_code)

    def _failed(self, error: Exception, reply: Reply) -> None:
        if isinstance(error, Unauthenticated):
            self.revoked()
            return
        known = shown(error)
        reply(frames.error(known.error_code, known.message))

    def _freed(self) -> None:
        if self._claims is None:
            return
        self._claims.freed()
        if self._claims.leaving and not self._hands.held:
            self._channel.close(GOING_AWAY if self._stopping else NORMAL)

    def _stop(self) -> None:
        """The server stops: claim nothing more, end when nothing is in hand. Workers
        are not told to drain, because Python's take that as the end of their life:
        they come back to another server by themselves."""
        self._stopping = True
        if self._claims is not None:
            self._claims.leave()
        if not self._hands.held:
            self._channel.close(GOING_AWAY, "the server stops")

    # --- What is asked of every socket of the process ---------------------------

    @property
    def held(self) -> Mapping[str, object]:
        """Return the jobs in the worker's hands."""
        return self._hands.held

    def key(self) -> Filter:
        """Return what the worker would take."""
        return self._claims.key() if self._claims is not None else ("", (), ())

    def can_be_told(self) -> bool:
        """Say whether the worker has room and no claim open."""
        return self._claims is not None and self._claims.can_be_told()

    def tell(self) -> None:
        """Tell the worker that there is work."""
        if self._claims is not None:
            self._claims.tell()

    def stop_job(self, job_id: str, reason: str, at: str | None) -> None:
        """Tell the worker to stop a job."""
        self._hands.stop(job_id, reason, at)

    def drain(self) -> None:
        """Tell the worker to finish and take no more."""
        if self._claims is not None:
            self._claims.leave()
        self._channel.write({"type": "worker.drain"})

    def replaced(self) -> None:
        """The worker is on another connection."""
        if self._claims is not None:
            self._claims.end()
        self._channel.close(POLICY, "replaced by a newer connection")

    def revoked(self) -> None:
        """The key is not good any more."""
        message = "the API key is not valid any more"
        self._channel.write(frames.error("invalid_actor", message))
        self._channel.close(POLICY, "invalid_actor")

    def tick(self, now: float) -> None:
        """Send a keep-alive when it is time; end a socket that does not register."""
        if not self.worker_row and now - self._opened_at > REGISTER_SECONDS_MAX:
            late = Conflict("register first", code="not_registered")
            self._refuse(late, self._channel.write)
        elif now >= self._keep_alive_at:
            self._keep_alive_at = now + KEEP_ALIVE_SECONDS
            self._channel.write({"type": "keepalive"})

    def shut(self) -> None:
        """The server is gone in a moment."""
        self._channel.close(RESTART, "the server stops")
