"""Failed sign-ins are counted in Redis; after too many, one has to wait.

They are counted for an account from one address, so that nobody can lock somebody
else out, and for the address alone. A Redis that does not answer stops nobody.
"""

from hashlib import sha256
from typing import Any, Final

from apps.realtime.connections import attempt

WINDOW_SECONDS: Final = 300
#: Failures within the window, for a name from an address and for an address.
FAILURES_MAX: Final = 8
FAILURES_OF_ADDRESS_MAX: Final = 60


def seconds_to_wait(username: str, address: str) -> int:
    """Return how long this sign-in has to wait; 0 when it may be tried."""

    def read(client: Any) -> int:
        pipeline = client.pipeline(transaction=False)
        for key, _ in _limits(username, address):
            pipeline.get(key)
            pipeline.ttl(key)
        answers = pipeline.execute()
        wait = 0
        for place, (_, limit) in enumerate(_limits(username, address)):
            failures, left = int(answers[2 * place] or 0), answers[2 * place + 1]
            if failures >= limit:
                wait = max(wait, int(left), 1)
        return wait

    return int(attempt(read, 0))


def note_failure(username: str, address: str) -> None:
    """Count a failed sign-in. The window begins with the first."""

    def count(client: Any) -> None:
        pipeline = client.pipeline(transaction=False)
        for key, _ in _limits(username, address):
            pipeline.set(key, 0, ex=WINDOW_SECONDS, nx=True)
            pipeline.incr(key)
        pipeline.execute()

    attempt(count)


def forget_failures(username: str, address: str) -> None:
    """A sign-in succeeded: this name starts anew from here."""
    name_key = _limits(username, address)[0][0]
    attempt(lambda client: client.delete(name_key))


def _limits(username: str, address: str) -> list[tuple[str, int]]:
    name = sha256(f"{username.lower()}\n{address}".encode()).hexdigest()[:32]
    place = sha256(address.encode()).hexdigest()[:32]
    return [
        (f"mobius:signin:name:{name}", FAILURES_MAX),
        (f"mobius:signin:address:{place}", FAILURES_OF_ADDRESS_MAX),
    ]
