"""Rate limits: exact across threads and processes, gone when Redis is."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.conf import LazySettings

from apps.identity import limits
from apps.identity.limits import Standing, count_request
from apps.kernel.errors import RateLimited
from apps.kernel.ids import IdKind, new_id
from apps.realtime import connections
from tests.support.api import Api
from tests.support.frozen import FrozenClock


@pytest.fixture(autouse=True)
def _empty_ledger() -> Iterator[None]:
    limits._ledger.clear()
    yield
    limits._ledger.clear()


@pytest.fixture
def key() -> str:
    return new_id(IdKind.API_KEY)


@pytest.fixture
def org() -> str:
    return new_id(IdKind.ORGANIZATION)


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads that take turns after every few instructions."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def limit(settings: LazySettings, key: int, org: int = 0) -> None:
    settings.RATE_LIMIT_KEY = key
    settings.RATE_LIMIT_ORG = org


def admitted(key: str, org: str, times: int) -> int:
    count = 0
    for _ in range(times):
        try:
            count_request(key, org)
        except RateLimited:
            continue
        count += 1
    return count


def test_the_remaining_requests_count_down_to_a_refusal(
    settings: LazySettings, frozen: FrozenClock, key: str, org: str
) -> None:
    limit(settings, 3)

    def remaining() -> int:
        standing = count_request(key, org)
        assert standing is not None
        return standing.remaining

    assert [remaining() for _ in range(3)] == [2, 1, 0]
    with pytest.raises(RateLimited) as refused:
        count_request(key, org)
    assert refused.value.details == {"retry_after_seconds": 60, "scope": "key"}
    assert refused.value.headers["X-RateLimit-Remaining"] == "0"


def test_a_refusal_says_when_the_window_ends_and_is_over_then(
    settings: LazySettings, frozen: FrozenClock, key: str, org: str
) -> None:
    limit(settings, 1)
    frozen.tick(seconds=42)
    count_request(key, org)

    with pytest.raises(RateLimited) as refused:
        count_request(key, org)
    assert refused.value.details["retry_after_seconds"] == 18

    frozen.tick(seconds=18)
    assert admitted(key, org, 1) == 1


def test_the_tightest_limit_is_the_one_that_is_told(
    settings: LazySettings, frozen: FrozenClock, key: str, org: str
) -> None:
    limit(settings, key=100, org=3)
    other = new_id(IdKind.API_KEY)
    assert admitted(other, org, 2) == 2

    standing = count_request(key, org)

    reset_at = int((frozen.at + timedelta(seconds=60)).timestamp())
    assert standing == Standing("org", 3, 0, reset_at)
    with pytest.raises(RateLimited) as refused:
        count_request(key, org)
    assert refused.value.details["scope"] == "org"


def test_without_limits_nothing_is_counted(
    settings: LazySettings, key: str, org: str
) -> None:
    limit(settings, 0)

    assert count_request(key, org) is None
    assert len(limits._ledger) == 0


def test_one_key_does_not_use_up_the_limit_of_another(
    settings: LazySettings, frozen: FrozenClock, key: str, org: str
) -> None:
    limit(settings, 2)

    assert admitted(key, org, 5) == 2
    assert admitted(new_id(IdKind.API_KEY), org, 5) == 2


def test_processes_share_a_limit_through_redis(
    settings: LazySettings,
    frozen: FrozenClock,
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    org: str,
) -> None:
    limit(settings, 1000)
    first, second = limits._Ledger(), limits._Ledger()
    count = 0
    for ledger in [first, second] * 700:
        monkeypatch.setattr(limits, "_ledger", ledger)
        count += admitted(key, org, 1)

    assert count == 1000


@pytest.mark.race
def test_threads_together_get_the_limit_and_no_more(
    settings: LazySettings, frozen: FrozenClock, hasty: None, key: str, org: str
) -> None:
    limit(settings, 10_000)
    together = Barrier(8)

    def call(_: int) -> int:
        together.wait()
        return admitted(key, org, 1300)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(call, range(8))) == 10_000


def test_the_memory_of_a_window_goes_with_it(
    settings: LazySettings, frozen: FrozenClock, org: str
) -> None:
    limit(settings, 1000)
    for _ in range(50):
        count_request(new_id(IdKind.API_KEY), org)
    assert len(limits._ledger) == 50

    frozen.tick(seconds=60)
    count_request(new_id(IdKind.API_KEY), org)
    assert len(limits._ledger) == 1


def test_a_straggler_of_the_last_window_does_not_undo_this_one(
    settings: LazySettings, frozen: FrozenClock, key: str, org: str
) -> None:
    limit(settings, 400)
    frozen.tick(seconds=60)
    count_request(key, org)
    frozen.tick(seconds=-60)
    count_request(key, org)
    frozen.tick(seconds=60)

    standing = count_request(key, org)
    assert standing is not None
    assert standing.remaining == 398


def test_a_clock_that_is_set_back_costs_nobody_their_limit(
    settings: LazySettings, frozen: FrozenClock, key: str, org: str
) -> None:
    limit(settings, 10_000)
    count_request(key, org)

    frozen.tick(seconds=-600)

    # Portions of 50: taken for each request, 200 would be all there is.
    assert admitted(key, org, 300) == 300
    standing = count_request(key, org)
    assert standing is not None
    assert standing.remaining == 10_000 - 301


def test_stragglers_take_one_number_each(
    settings: LazySettings, frozen: FrozenClock, key: str, org: str
) -> None:
    limit(settings, 1_000)
    frozen.tick(seconds=60)
    count_request(key, org)
    frozen.tick(seconds=-60)

    assert admitted(key, org, 300) == 300


def test_redis_is_asked_once_per_portion(
    settings: LazySettings,
    frozen: FrozenClock,
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    org: str,
) -> None:
    limit(settings, 2000)
    asked: list[int] = []
    take = limits._take

    def counted(name: str, window: int, step: int) -> int | None:
        asked.append(step)
        return take(name, window, step)

    monkeypatch.setattr(limits, "_take", counted)

    assert admitted(key, org, 100) == 100
    assert asked == [10] * 10


@pytest.mark.parametrize("limited_to", [3, 1000])
def test_a_redis_that_does_not_answer_limits_nobody(
    settings: LazySettings,
    frozen: FrozenClock,
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    org: str,
    limited_to: int,
) -> None:
    limit(settings, limited_to)

    def refused() -> Any:
        raise ConnectionError("no redis here")

    monkeypatch.setattr(connections, "breaker", connections._Breaker())
    monkeypatch.setattr(connections, "client", refused)

    assert admitted(key, org, 5 * limited_to) == 5 * limited_to
    standing = count_request(key, org)
    assert standing is not None
    assert 0 <= standing.remaining < limited_to


def test_an_answer_carries_the_standing_and_a_429_says_when_to_come_back(
    settings: LazySettings, frozen: FrozenClock, api: Api
) -> None:
    limit(settings, key=2, org=1000)
    frozen.tick(seconds=20)
    first, _, third = (api.get("roles") for _ in range(3))

    assert first.status_code == 200
    assert first["X-RateLimit-Limit"] == "2"
    assert first["X-RateLimit-Remaining"] == "1"
    assert first["X-RateLimit-Scope"] == "key"
    assert first["X-RateLimit-Policy"] == "2;w=60"
    assert int(first["X-RateLimit-Reset"]) == int(frozen.at.timestamp()) + 40

    assert third.status_code == 429
    assert third["Retry-After"] == "40"
    assert third["X-RateLimit-Remaining"] == "0"
    assert third.json()["error"]["code"] == "rate_limit_exceeded"
    assert third.json()["details"]["scope"] == "key"


def test_a_refused_key_costs_its_organization_nothing(
    settings: LazySettings, frozen: FrozenClock, key: str, org: str
) -> None:
    limit(settings, key=1, org=3)

    assert admitted(key, org, 10) == 1
    assert admitted(new_id(IdKind.API_KEY), org, 1) == 1
    assert admitted(new_id(IdKind.API_KEY), org, 1) == 1
    assert admitted(new_id(IdKind.API_KEY), org, 1) == 0
