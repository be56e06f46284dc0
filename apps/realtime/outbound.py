"""Words to Redis, sent after commit in one round trip.

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

Then = Callable[[Any], object]


class _Outbox:
    """What one transaction wants to say; Django calls it after commit.

    It lives in the connection's list of commit hooks and nowhere else, so a
    rollback, of a savepoint too, takes its words away with everything else.
    """

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.commands: list[tuple[tuple[Any, ...], Then | None]] = []
        self.names: set[str] = set()

    def __call__(self) -> None:
        if self.messages:
            body = orjson.dumps(self.messages)
            self.commands.append((("PUBLISH", CHANNEL, body), None))
        if not self.commands:
            return
        answers = attempt(self._send, fallback=())
        for (_, then), answer in zip(self.commands, answers, strict=False):
            if then is not None:
                then(answer)

    def _send(self, redis: Any) -> list[Any]:
        if len(self.commands) == 1:
            return [redis.execute_command(*self.commands[0][0])]
        pipeline = redis.pipeline(transaction=False)
        for command, _ in self.commands:
            pipeline.execute_command(*command)
        answers: list[Any] = pipeline.execute()
        return answers


def say(kind: str, **fields: Any) -> None:
    """Tell every web process ``{"kind": kind, **fields}`` after commit."""
    box = _outbox()
    box.messages.append({"kind": kind, **fields})
    _send_when_alone(box)


def command(*words: Any, once: str = "", then: Then | None = None) -> None:
    """Send one Redis command after commit; ``then`` gets its answer, if one comes.

    Of all commands with the same name ``once`` in a transaction only the first goes.
    """
    box = _outbox()
    if once in box.names:
        return
    if once:
        box.names.add(once)
    box.commands.append((words, then))
    _send_when_alone(box)


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


def _send_when_alone(box: _Outbox) -> None:
    if not transaction.get_connection().in_atomic_block:
        box()
