"""Rate limits: a window of a minute per key and per organization, kept in Redis.

Each process takes numbers from Redis in portions, so most requests cost nothing. A
number is handed out once, so all processes together admit no more than the limit;
what a process took and did not use by the end of the window is lost. A Redis that
does not answer limits nobody.
"""

import threading
from collections import deque
from dataclasses import dataclass, field

import redis
from django.conf import settings

from apps.kernel import clock
from apps.kernel.errors import RateLimited
from apps.realtime.connections import attempt

WINDOW_SECONDS = 60
#: A process takes this part of a limit at a time; so much can be wasted at most.
PORTION = 200


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a caller stands: the tightest of its limits."""

    scope: str
    limit: int
    remaining: int
    reset_at: int

    def headers(self) -> dict[str, str]:
        """Return the documented ``X-RateLimit-*`` headers."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(self.remaining, 0)),
            "X-RateLimit-Reset": str(self.reset_at),
            "X-RateLimit-Scope": self.scope,
            "X-RateLimit-Policy": f"{self.limit};w={WINDOW_SECONDS}",
        }


def count_request(key_id: str, organization_id: str) -> Standing | None:
    """Count one request; return the tightest limit, None when there is none.

    Raises:
        RateLimited: a limit is used up; details carry ``retry_after_seconds``.
    """
    seconds = int(clock.now().timestamp())
    window = seconds // WINDOW_SECONDS
    reset_at = (window + 1) * WINDOW_SECONDS
    standing: Standing | None = None
    for scope, name, limit in (
        ("key", key_id, settings.RATE_LIMIT_KEY),
        ("org", organization_id, settings.RATE_LIMIT_ORG),
    ):
        if limit:
            used = _ledger.count(name, window, limit)
            found = Standing(scope, limit, limit - used, reset_at)
            if used > limit:
                raise _refusal(found, reset_at - seconds)
            if standing is None or found.remaining < standing.remaining:
                standing = found
    return standing


def count_use(scope: str, name: str, limit: int) -> Standing | None:
    """Count one use of something that has a limit of its own; None when it has none.

    Raises:
        RateLimited: the limit is used up; details carry ``retry_after_seconds``.
    """
    if not limit:
        return None
    seconds = int(clock.now().timestamp())
    window = seconds // WINDOW_SECONDS
    reset_at = (window + 1) * WINDOW_SECONDS
    used = _ledger.count(f"{scope}:{name}", window, limit)
    standing = Standing(scope, limit, limit - used, reset_at)
    if used > limit:
        raise _refusal(standing, reset_at - seconds)
    return standing


@dataclass(slots=True)
class _Account:
    """What this process holds of one name's numbers: ranges, first to last."""

    ranges: deque[list[int]] = field(default_factory=deque)
    highest: int = 0

    def spend(self) -> int | None:
        """Return the next number; None when there is none left."""
        if not self.ranges:
            return None
        current = self.ranges[0]
        number = current[0]
        if number == current[1]:
            self.ranges.popleft()
        else:
            current[0] += 1
        return number

    def receive(self, first: int, last: int) -> int:
        """Put a portion aside and return its first number."""
        self.highest = max(self.highest, last)
        if first < last:
            self.ranges.append([first + 1, last])
        return first


class _Ledger:
    """The accounts of this process for the present window; older ones are dropped,
    so memory is bounded by the callers of one minute."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._window = -1
        self._accounts: dict[str, _Account] = {}

    def __len__(self) -> int:
        return len(self._accounts)

    def count(self, name: str, window: int, limit: int) -> int:
        """Return how much of ``limit`` is used, this request included."""
        with self._lock:
            account = self._account(name, window)
            number = None if account is None else account.spend()
        if number is not None:
            return number
        # Redis is asked without the lock: a slow answer holds up nobody else.
        step = 1 if account is None else max(1, limit // PORTION)
        last = _take(name, window, step)
        with self._lock:
            account = self._account(name, window) or _Account()
            if last is None:
                last = min(account.highest + step, limit)
            return account.receive(last - step + 1, last)

    def clear(self) -> None:
        """Forget everything, as a new process would."""
        with self._lock:
            self._window = -1
            self._accounts.clear()

    def _account(self, name: str, window: int) -> _Account | None:
        """Return an account of the present window; None for a straggler of the one
        before, which takes its number alone. A clock that was set back begins anew."""
        if window == self._window - 1:
            return None
        if window != self._window:
            self._accounts.clear()
            self._window = window
        return self._accounts.setdefault(name, _Account())


_ledger = _Ledger()


def _take(name: str, window: int, step: int) -> int | None:
    """Take ``step`` numbers for this process; None when Redis does not answer."""
    key = f"mobius:rate:{name}:{window}"

    def take(client: "redis.Redis") -> int:
        pipeline = client.pipeline(transaction=False)
        pipeline.incrby(key, step)
        pipeline.expire(key, 2 * WINDOW_SECONDS)
        return int(pipeline.execute()[0])

    found: int | None = attempt(take)
    return found


def _refusal(standing: Standing, wait_seconds: int) -> RateLimited:
    return RateLimited(
        f"more than {standing.limit} requests in {WINDOW_SECONDS} seconds",
        retry_after_seconds=max(1, wait_seconds),
        scope=standing.scope,
        headers=standing.headers(),
    )
