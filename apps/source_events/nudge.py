"""A hint to the dispatcher that something is due. Losing it costs at most a second.

While a drain listens, a hint is one token on a list it blocks on; otherwise it is one
Celery task, and nobody sends another while that one is on its way. A drain that goes
away stops listening first and looks for a token last, so no commit falls between.
"""

import logging
from typing import Final

from celery import current_app
from kombu.exceptions import KombuError
from redis import Redis, RedisError

from apps.realtime.connections import attempt
from apps.realtime.outbound import command

logger = logging.getLogger(__name__)

DRAIN_TASK: Final = "dispatch.drain"
LISTENER_KEY: Final = "mobius:dispatch:listener"
TOKENS_KEY: Final = "mobius:dispatch:tokens"
SENT_KEY: Final = "mobius:dispatch:sent"
#: A listener that dies without a word is forgotten after this.
LISTENER_MILLISECONDS: Final = 1500
SENT_MILLISECONDS: Final = 1000
RECRUIT_KEY: Final = "mobius:dispatch:recruit"
RECRUIT_MILLISECONDS: Final = 500

_HINT: Final = """
if redis.call('EXISTS', KEYS[1]) == 1 then
    if redis.call('LLEN', KEYS[2]) == 0 then
        redis.call('RPUSH', KEYS[2], 1)
        redis.call('PEXPIRE', KEYS[2], 5000)
    end
    return 0
end
if redis.call('SET', KEYS[3], 1, 'NX', 'PX', ARGV[1]) then return 1 end
return 0
"""


def nudge_after_commit() -> None:
    """Hint once, after the transaction."""
    keys = (LISTENER_KEY, TOKENS_KEY, SENT_KEY)
    command("EVAL", _HINT, 3, *keys, SENT_MILLISECONDS, once="hint", then=_send_first)


def recruit() -> None:
    """Ask for one more drain, now and then: there is more than one gets done."""
    if attempt(
        lambda redis: redis.set(RECRUIT_KEY, 1, nx=True, px=RECRUIT_MILLISECONDS)
    ):
        _send()


def _send_first(is_first: object) -> None:
    if is_first:
        _send()


def _send() -> None:
    try:
        current_app.send_task(DRAIN_TASK, retry=False)
    except (KombuError, RedisError, OSError) as error:
        logger.warning("hint not sent, the clock will find it: %s", error)


def take_hints(*, listening: bool) -> None:
    """Forget hints given so far; call it before looking, never after.

    A listener that says so remains the listener for another while.
    """

    def take(redis: "Redis") -> None:
        pipeline = redis.pipeline(transaction=False)
        pipeline.delete(TOKENS_KEY, SENT_KEY)
        if listening:
            pipeline.pexpire(LISTENER_KEY, LISTENER_MILLISECONDS)
        pipeline.execute()

    attempt(take)


def listen(name: str) -> bool:
    """Become, or remain, the drain that listens; return whether ``name`` is it."""

    def claim(redis: "Redis") -> bool:
        if redis.set(LISTENER_KEY, name, nx=True, px=LISTENER_MILLISECONDS):
            return True
        if redis.get(LISTENER_KEY) != name.encode():
            return False
        redis.pexpire(LISTENER_KEY, LISTENER_MILLISECONDS)
        return True

    return bool(attempt(claim, fallback=False))


def wait_for_hint(seconds: float) -> bool:
    """Block for a token; return whether one came."""
    return bool(attempt(lambda redis: redis.blpop([TOKENS_KEY], timeout=seconds)))


def stop_listening() -> bool:
    """Stop being the listener; return whether a token is there after all."""

    def leave(redis: "Redis") -> bool:
        redis.delete(LISTENER_KEY)
        return bool(redis.llen(TOKENS_KEY))

    return bool(attempt(leave, fallback=False))
