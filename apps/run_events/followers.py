"""What an open stream of a timeline is inside: a follower with a place in it."""

from collections.abc import Callable, Iterable

from apps.engine.state import FINISHED
from apps.realtime.streams import Follower
from apps.run_events.frames import Frame, StoredEvent
from apps.run_events.selectors import Position
from apps.run_events.wire import project_channel, run_channel

ToFrame = Callable[[StoredEvent], Frame]


class RunFollower(Follower):
    """Follows one run from the number ``last`` on; knows the run's status there.

    ``to_frame`` makes frames in the words of the run: those of all its followers.
    """

    def __init__(
        self, run_id: str, key_id: str, last: int, status: str, to_frame: ToFrame
    ) -> None:
        super().__init__(run_channel(run_id), key_id)
        self.run_id = run_id
        self.to_frame = to_frame
        self.last = last
        self.status = status

    def is_over(self) -> bool:
        """Say whether the run is finished at this place."""
        return self.status in FINISHED

    def accept(self, frames: Iterable[Frame]) -> tuple[list[bytes], bool]:
        """Return what to write of these frames, and whether one is missing.

        Frames up to the place are dropped; those after a missing one as well, as
        the table has them.
        """
        bodies: list[bytes] = []
        for frame in frames:
            if frame.seq <= self.last:
                continue
            if frame.seq != self.last + 1:
                return bodies, True
            self.pass_by(frame)
            bodies.append(frame.body)
        return bodies, False

    def pass_by(self, frame: Frame) -> None:
        """Move to the place after ``frame``."""
        self.last = frame.seq
        if frame.status is not None:
            self.status = frame.status


class ProjectFollower(Follower):
    """Follows all runs of a project from a position on."""

    def __init__(self, project_id: str, key_id: str, last: Position) -> None:
        super().__init__(project_channel(project_id), key_id)
        self.project_id = project_id
        self.last = last

    def accept(self, frames: Iterable[tuple[Position, bytes]]) -> list[bytes]:
        """Return what to write of these frames, in order; old ones are dropped."""
        bodies: list[bytes] = []
        for position, body in frames:
            if position > self.last:
                self.last = position
                bodies.append(body)
        return bodies
