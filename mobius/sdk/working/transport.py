"""What a worker's loop asks of the way to the server, and is asked back."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from mobius.sdk.working.jobs import Job, Outcome


class Word(enum.Enum):
    """What the server says to a heartbeat."""

    GO_ON = "go on"
    CANCEL = "cancel"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who claims, and what it would take. ``queues`` empty: any."""

    worker_id: str
    name: str
    queues: tuple[str, ...]
    actions: tuple[str, ...]
    concurrency: int


class Hands(Protocol):
    """The jobs in a worker's hands, as the server may speak of them."""

    def free(self) -> int:
        """Return for how many jobs there is room."""

    def cancel(self, job_id: str) -> None:
        """The run of the job was cancelled."""

    def lose(self, job_id: str) -> None:
        """The job is not this worker's any more."""

    def drain(self) -> None:
        """The server wants the worker to finish and take no more."""


class Transport(Protocol):
    """The way to the server. A lost connection is ConnectionFailed where nothing was
    done, and waited out where something must be."""

    async def open(self, hands: Hands) -> None:
        """Begin.

        Raises:
            MobiusError: the server does not let this worker in.
        """

    async def claim(self, slots: int) -> list[Job]:
        """Return up to ``slots`` jobs, none after a while without any."""

    async def heartbeat(self, job: Job) -> Word:
        """Keep a job's lease."""

    async def report(self, job: Job, outcome: Outcome) -> None:
        """Report until the server has taken the report, or does not want it."""

    async def emit(self, job: Job, type_: str, payload: Mapping[str, Any]) -> bool:
        """Put an event on the timeline; return whether it is there."""

    async def hand_back(self, job: Job) -> None:
        """Give up a job that was not finished, so that another worker gets it."""

    async def leave(self) -> None:
        """Say that nothing more will be claimed."""

    async def close(self) -> None:
        """Hang up."""
