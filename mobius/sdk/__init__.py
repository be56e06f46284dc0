"""Helpers for programs that use Mobius: what is tiresome to write by hand.

Retries, pages, streams that go on where they broke off, workers, and the verification
of webhooks. Where the server is and who calls comes from arguments, or from
MOBIUS_BASE_URL, MOBIUS_API_KEY and MOBIUS_PROJECT. This runs as it stands:

    from mobius.sdk import Client, Worker

    client = Client()
    client.workflows.apply({
        "name": "Count words",
        "handle": "count-words",
        "spec": {
            "name": "count-words",
            "steps": [{
                "name": "count",
                "action": "text.count",
                "parameters": {"text": "${inputs.text}"},
                "store": "counted",
            }],
            "outputs": [{"name": "counted", "variable": "counted"}],
        },
    })

    worker = Worker(client, queues=["default"])

    @worker.action("text.count")
    def count(parameters, context):
        context.emit("progress", {"doing": "counting"})
        return {"words": len(parameters["text"].split())}

    import threading
    threading.Thread(target=worker.run).start()

    run = client.runs.start("count-words", inputs={"text": "one two three"})
    for event in client.runs.watch(run["id"]):
        print(event.seq, event.type)
    print(client.runs.get(run["id"])["status"])

    worker.stop()
    client.close()

``AsyncClient`` and ``AsyncWorker`` are the same on asyncio. Things are plain dicts, as
the API shows them. Every error is a ``MobiusError``: see ``mobius.sdk.errors``.
"""

from mobius.sdk.async_client import AsyncClient
from mobius.sdk.client import Client
from mobius.sdk.errors import (
    ApiError,
    AuthError,
    ConfigurationError,
    Conflict,
    ConnectionFailed,
    MobiusError,
    NotFound,
    PermissionDenied,
    RateLimited,
    Unavailable,
    WaitTimedOut,
)
from mobius.sdk.replays import ReplayCache, SeenDeliveries
from mobius.sdk.resources.run_verbs import result_of
from mobius.sdk.resources.workflows import Plan
from mobius.sdk.streams import StreamEvent
from mobius.sdk.verification import (
    WebhookEvent,
    WebhookRejected,
    verify_webhook,
)
from mobius.sdk.worker import AsyncWorker, Worker
from mobius.sdk.working.jobs import (
    ActionFailed,
    AsyncJobContext,
    JobCancelled,
    JobContext,
    PermanentFailure,
)

__all__ = [
    "ActionFailed",
    "ApiError",
    "AsyncClient",
    "AsyncJobContext",
    "AsyncWorker",
    "AuthError",
    "Client",
    "ConfigurationError",
    "Conflict",
    "ConnectionFailed",
    "JobCancelled",
    "JobContext",
    "MobiusError",
    "NotFound",
    "PermanentFailure",
    "PermissionDenied",
    "Plan",
    "RateLimited",
    "ReplayCache",
    "SeenDeliveries",
    "StreamEvent",
    "Unavailable",
    "WaitTimedOut",
    "WebhookEvent",
    "WebhookRejected",
    "Worker",
    "result_of",
    "verify_webhook",
]
