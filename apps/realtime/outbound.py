"""Messages to other processes, sent after commit in one round trip.

Inside a transaction they are collected and leave when it commits; outside they
leave at once. They are hints: whoever misses one finds the rows by itself.
"""

from collections.abc import Callable
from typing import Any

import orjson
from django.db import transaction

from apps.realtime.connections import attempt

#: The one channel every web process listens to.
CHANNEL = "mobius:live"


class _Outbox:
    """What one transaction wants to say; Django calls it after commit.

    It lives in the connection's list of commit hooks and nowhere else, so a
    rollback, of a savepoint too, takes its messages away with everything else.
    """

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.calls: dict[str, Callable[[], None]] = {}

    def __call__(self) -> None:
        if self.messages:
            body = orjson.dumps(self.messages)
            attempt(lambda redis: redis.publish(CHANNEL, body))
        for call in self.calls.values():
            call()


def say(kind: str, **fields: Any) -> None:
    """Tell every web process ``{"kind": kind, **fields}`` after commit."""
    box = _outbox()
    box.messages.append({"kind": kind, **fields})
    _send_outside_transaction(box)


def once_after_commit(name: str, call: Callable[[], None]) -> None:
    """Run ``call`` after commit, once for all calls of this ``name``."""
    box = _outbox()
    box.calls.setdefault(name, call)
    _send_outside_transaction(box)


def _outbox() -> _Outbox:
    connection = transaction.get_connection()
    if not connection.in_atomic_block:
        return _Outbox()
    savepoints = set(connection.savepoint_ids)
    for held_savepoints, hook, _ in reversed(connection.run_on_commit):
        if isinstance(hook, _Outbox) and held_savepoints == savepoints:
            return hook
    box = _Outbox()
    transaction.on_commit(box)
    return box


def _send_outside_transaction(box: _Outbox) -> None:
    if not transaction.get_connection().in_atomic_block:
        box()
