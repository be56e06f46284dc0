"""Who claims jobs: ``client.workers``. A worker is ``{worker_id, …, last_seen_at}``
with what it is doing."""

from mobius.sdk.calls import Call
from mobius.sdk.resources.verbs import AsyncResource, Resource, ayields, yields


def list_all() -> Call:
    """Yield the workers, last seen first."""
    return Call("GET", "workers")


class Workers(Resource):
    """Workers of the project."""

    list = yields(list_all)


class AsyncWorkers(AsyncResource):
    """Workers of the project."""

    list = ayields(list_all)
