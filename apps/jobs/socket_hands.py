"""The jobs in the hands of a worker on a socket, and what it says of them."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from apps.jobs import frames
from apps.jobs.services.enqueue import RUN_OVER
from apps.jobs.socket_calls import Calls
from apps.jobs.sockets import Socket, sockets
from apps.kernel import clock
from apps.kernel.errors import (
    Conflict,
    LeaseLost,
    MobiusError,
    NotFound,
    Unauthenticated,
)
from apps.realtime.bridge import hop_until_answered
from apps.realtime.websocket import Channel

Frame = Mapping[str, Any]
#: Sends an answer under the id of what it answers.
Reply = Callable[[Mapping[str, Any]], None]

#: Pieces of generated text that one job may put on its run's timeline.
DELTAS_MAX: Final = 10_000
LEASE_LOST: Final = "lease_lost"


class Hands:
    """What one worker holds: of each job the number of its last piece of text, and
    how many there were."""

    __slots__ = ("_calls", "_channel", "_freed", "_project_id", "_socket", "held")

    def __init__(
        self,
        socket: Socket,
        project_id: str,
        channel: Channel,
        calls: Calls,
        freed: Callable[[], None],
    ) -> None:
        self._socket = socket
        self._project_id = project_id
        self._channel = channel
        self._calls = calls
        self._freed = freed
        self.held: dict[str, tuple[int, int]] = {}

    def take(self, job_id: str) -> None:
        """The worker has this job now."""
        self.held[job_id] = (-1, 0)
        sockets.hold(self._socket, job_id)

    def let_go(self, job_id: str) -> None:
        """It has it no longer."""
        if self.held.pop(job_id, None) is not None:
            sockets.let_go(self._socket, job_id)
            self._freed()

    def stop(self, job_id: str, reason: str, at: str | None) -> None:
        """Tell the worker to stop a job. It reports one whose run is cancelled; any
        other is not its own any more."""
        self._channel.write(frames.cancel(job_id, reason, at))
        if reason != RUN_OVER:
            self.let_go(job_id)

    async def heartbeat(self, frame: Frame, reply: Reply) -> None:
        """Prolong a lease; a worker that lost it is told to stop."""
        fence = frames.read_lease(self._project_id, frame)
        try:
            stop = await hop_until_answered(self._calls.beat, fence)
        except (LeaseLost, NotFound) as error:
            reply(frames.error(error.error_code, error.message))
            self._channel.write(frames.cancel(fence.job_id, LEASE_LOST, None))
            self.let_go(fence.job_id)
            return
        reason = RUN_OVER if stop else ""
        reply(frames.heartbeat_ack(fence.job_id, reason, clock.now()))

    async def report(self, frame: Frame, reply: Reply) -> None:
        """Take a final report. It is acknowledged whatever becomes of it, or the
        worker would send it again for ever; an error before that says why it does
        not count."""
        job_id = frame.get("job_id")
        counted = False
        try:
            said = frames.read_said(self._project_id, frame)
            counted = await hop_until_answered(self._calls.report, said)
        except Unauthenticated:
            raise
        except MobiusError as error:
            reply(frames.error(error.error_code, error.message))
        if isinstance(job_id, str) and len(job_id) <= frames.ID_MAX:
            reply(frames.report_ack(job_id, duplicate=not counted))
            self.let_go(job_id)

    async def delta(self, frame: Frame, reply: Reply) -> None:
        """Put a piece of generated text on the timeline; one that came before is
        acknowledged and not repeated.

        Raises:
            Invalid: names every field that is wrong.
            Conflict: there were too many.
            LeaseLost: the job is not in this worker's hands.
        """
        fence, sequence, line = frames.read_delta(self._project_id, frame)
        if fence.job_id not in self.held:
            raise LeaseLost(f"job {fence.job_id} is not in your hands")
        last, count = self.held[fence.job_id]
        if sequence > last:
            if count >= DELTAS_MAX:
                said = f"a job streams at most {DELTAS_MAX} pieces of text"
                raise Conflict(said, code="limit_reached")
            await hop_until_answered(self._calls.add_delta, fence, line)
            if fence.job_id in self.held:
                self.held[fence.job_id] = (sequence, count + 1)
        reply(frames.delta_ack(fence.job_id, max(sequence, last)))
