"""A hint that an action waits for the server. Losing it costs at most a second."""

import logging
from typing import Final

from celery import current_app
from kombu.exceptions import KombuError
from redis import RedisError

from apps.realtime.connections import attempt
from apps.realtime.outbound import command

logger = logging.getLogger(__name__)

RUN_TASK: Final = "actions.run"
SENT_KEY: Final = "mobius:actions:sent"
SENT_MILLISECONDS: Final = 1000


def nudge_server_after_commit() -> None:
    """Hint once, after the transaction, unless a hint is on its way."""
    words = ("SET", SENT_KEY, 1, "NX", "PX", SENT_MILLISECONDS)
    command(*words, once="actions", then=_send_first)


def take_hint() -> None:
    """Forget the hint given so far; call it before looking, never after."""
    attempt(lambda redis: redis.delete(SENT_KEY))


def _send_first(is_first: object) -> None:
    if not is_first:
        return
    try:
        current_app.send_task(RUN_TASK, retry=False)
    except (KombuError, RedisError, OSError) as error:
        logger.warning("hint not sent, the clock will find it: %s", error)
