"""Put a worker out of work: it finishes what it has and takes nothing more."""

from django.db import transaction

from apps.jobs.models import Worker
from apps.kernel.errors import Conflict, NotFound
from apps.realtime.outbound import say

#: The kind of the message that tells a connection to drain its worker.
DRAIN = "socket.drain"


@transaction.atomic
def drain_worker(worker_row: str) -> None:
    """Drain a worker that is on a socket. Holds for its session, reconnects included.

    Raises:
        NotFound: there is no such worker.
        Conflict: it is not on a socket: over HTTP nothing tells it to go.
    """
    worker = Worker.objects.select_for_update().filter(id=worker_row).first()
    if worker is None:
        raise NotFound(f"worker {worker_row} not found")
    if not worker.connection_id:
        raise Conflict(f"worker {worker.worker_id} is not on a socket")
    worker.draining = True
    worker.save(update_fields=["draining"])
    say(DRAIN, connections=[worker.connection_id])
