"""Names of queues. One is the server's own: no worker claims from it."""

from typing import Final

from apps.api.body import Body

#: Where actions wait that the server runs itself.
SERVER_QUEUE: Final = "mobius.server"
QUEUE_CHARS_MAX: Final = 128


def read_queue(body: Body, *, default: str) -> str:
    """Return the field ``queue``; ``default`` may be empty, and then it may be too."""
    name: str = body.text(
        "queue",
        default=default,
        min_length=1 if default else 0,
        max_length=QUEUE_CHARS_MAX,
    )
    if name == SERVER_QUEUE:
        body.problem("queue", f"{SERVER_QUEUE} is the server's own: name another")
    return name
