"""Whether an error is tried again, and when."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from apps.engine.limits import DURATION_MAX
from apps.engine.spec import RetryRule

#: What an action step without ``retry`` gets: three attempts in total.
DEFAULT_RETRY: Final = RetryRule(max_delay=timedelta(seconds=60))

FATAL: Final = "fatal_error"
TIMEOUT: Final = "timeout"
LEASE_EXPIRED: Final = "lease_expired"
EXPRESSION: Final = "expression_error"
STEP_LIMIT: Final = "step_limit"
JOIN_UNREACHABLE: Final = "join_unreachable"
CHECK_FAILED: Final = "check_failed"
GATE_REJECTED: Final = "gate_rejected"
AGENT_UNAVAILABLE: Final = "agent_unavailable"
WALL_CLOCK: Final = "wall_clock_exceeded"
BUDGET: Final = "budget_exceeded"
STATE_LIMIT: Final = "state_limit"

#: What an action that the server runs itself gets: the action knows whether it may be
#: repeated and does so within an attempt; another one follows a process that died.
SERVER_RETRY: Final = RetryRule(error_equals=(LEASE_EXPIRED,))


def matches_error(names: Iterable[str], error_type: str) -> bool:
    """Say whether a rule for ``names`` is meant for an error of ``error_type``.

    ``all`` is every error but a fatal one, ``activity_failed`` neither fatal ones
    nor timeouts; any other name is only itself. Workers may say ``Timeout``.
    """
    actual = TIMEOUT if error_type == "Timeout" else error_type
    for name in names:
        if name == "all":
            if actual != FATAL:
                return True
        elif name == "activity_failed":
            if actual not in (FATAL, TIMEOUT):
                return True
        elif actual == (TIMEOUT if name == "Timeout" else name):
            return True
    return False


def pick_rule(rules: tuple[RetryRule, ...], picked: int, error_type: str) -> int:
    """Return the index of the rule that governs this error, -1 for none.

    The first error of a task picks the rule for all its attempts (``picked``); a
    fatal error is never tried again.
    """
    if error_type == FATAL:
        return -1
    if picked >= 0:
        return picked
    for index, rule in enumerate(rules):
        if matches_error(rule.error_equals or ("all",), error_type):
            return index
    return -1


def attempts_max(rules: tuple[RetryRule, ...], picked: int) -> int:
    """Return how many attempts a task may take: of its rule, or of any until picked."""
    if picked >= 0:
        return rules[picked].max_retries + 1
    return max((rule.max_retries for rule in rules), default=0) + 1


def timeout_of(rules: tuple[RetryRule, ...], picked: int) -> timedelta | None:
    """Return the limit of one attempt: of its rule, else the first that has one."""
    if picked >= 0 and rules[picked].timeout is not None:
        return rules[picked].timeout
    return next((rule.timeout for rule in rules if rule.timeout is not None), None)


def delay_after(rule: RetryRule, attempt: int, jitter: float) -> timedelta:
    """Return how long to wait after ``attempt`` (1-based) has failed.

    Grows as ``base_delay * backoff_rate ** (attempt - 1)`` up to ``max_delay``. With
    full jitter it is the part ``jitter`` (in [0, 1)) of that.
    """
    most = rule.max_delay if rule.max_delay is not None else DURATION_MAX
    # Step by step: a power of a large rate would overflow before it is capped.
    seconds, ceiling = rule.base_delay.total_seconds(), most.total_seconds()
    for _ in range(attempt - 1):
        if seconds >= ceiling:
            break
        seconds *= rule.backoff_rate
    seconds = min(seconds, ceiling)
    return timedelta(seconds=seconds * jitter if rule.full_jitter else seconds)
