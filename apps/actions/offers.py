"""What the live workers of a project serve."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from apps.jobs.models import Worker
from apps.jobs.presence import STALE_AFTER

DEFAULT_QUEUE: Final = "default"
_WORKERS_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class Offers:
    """Actions that live workers name, each with a queue on which it is served. A
    worker that names none takes all, on ``any_queue``."""

    queues: Mapping[str, str]
    any_queue: str = ""

    @property
    def names(self) -> Set[str]:
        """Return the actions that workers name."""
        return self.queues.keys()

    def queue_of(self, action: str) -> str:
        """Return where to put a job so that a worker takes it, empty for nowhere."""
        return self.queues.get(action, self.any_queue)


def live_offers(project_id: str, *, now: datetime) -> Offers:
    """Return what workers that were seen lately offer, the latest first."""
    rows = Worker.objects.filter(
        project_id=project_id, last_seen_at__gte=now - STALE_AFTER
    ).order_by("-last_seen_at", "id")
    queues: dict[str, str] = {}
    any_queue = ""
    for worker in rows[:_WORKERS_MAX]:
        queue = worker.queues[0] if worker.queues else DEFAULT_QUEUE
        for action in worker.actions:
            queues.setdefault(action, queue)
        if not worker.actions:
            any_queue = any_queue or queue
    return Offers(queues, any_queue)
