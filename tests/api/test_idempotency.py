"""Idempotency-Key: act once, answer the same."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from rest_framework.response import Response

from apps.api.idempotency import act_once
from apps.api.models import IdempotencyRecord
from apps.identity.models import Organization
from apps.kernel.errors import Conflict, Invalid
from tests.support.frozen import NOON

Act = Callable[[], tuple[int, dict[str, Any]]]


def act() -> tuple[int, dict[str, Any]]:
    number = Organization.objects.count()
    row = Organization.objects.create(
        name="made", handle=f"made-{number}", created_at=NOON
    )
    return 202, {"id": row.id}


def call(
    key: str | None = "k1",
    *,
    project: str = "prj_1",
    operation: str = "run.start",
    request: object = None,
    now: datetime = NOON,
    doing: Act = act,
) -> Response:
    return act_once(
        {} if key is None else {"Idempotency-Key": key},
        project_id=project,
        operation=operation,
        request={"a": 1} if request is None else request,
        now=now,
        act=doing,
    )


def made() -> int:
    return Organization.objects.filter(name="made").count()


@pytest.mark.django_db
def test_the_same_request_again_replays_the_first_answer() -> None:
    first, second = call(), call()

    assert made() == 1
    assert second.data == first.data
    assert second.status_code == 202
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"


@pytest.mark.django_db
def test_the_order_of_fields_does_not_make_another_request() -> None:
    first = call(request={"a": {"x": 1, "y": 2}, "b": [1, 2]})
    second = call(request={"b": [1, 2], "a": {"y": 2, "x": 1}})

    assert second.data == first.data
    assert made() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "other",
    [{"request": {"a": 2}}, {"request": {"a": True}}, {"operation": "run.cancel"}],
)
def test_the_key_of_another_request_is_a_conflict(other: dict[str, Any]) -> None:
    call()

    with pytest.raises(Conflict) as refused:
        call(**other)
    assert refused.value.error_code == "idempotency_key_conflict"
    assert made() == 1


@pytest.mark.django_db
def test_other_keys_other_projects_and_no_key_act_again() -> None:
    call("k1")
    call("k2")
    call("k1", project="prj_2")
    call(None)
    call(None)

    assert made() == 5
    assert IdempotencyRecord.objects.count() == 3


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "x" * 256, "a\x00b"])
def test_a_key_out_of_bounds_is_refused_by_name(key: str) -> None:
    with pytest.raises(Invalid) as refused:
        call(key)
    assert refused.value.details["path"] == "Idempotency-Key"
    assert made() == 0


@pytest.mark.django_db
def test_a_key_is_good_again_after_a_day() -> None:
    first = call()
    replayed = call(now=NOON + timedelta(hours=24))
    again = call(now=NOON + timedelta(hours=24, microseconds=1), request={"b": 2})

    assert replayed.data == first.data
    assert again.data != first.data
    assert made() == 2


@pytest.mark.django_db
def test_a_request_that_fails_leaves_no_trace_and_can_be_sent_again() -> None:
    def fail() -> tuple[int, dict[str, Any]]:
        act()
        raise Conflict("not now")

    with pytest.raises(Conflict, match="not now"):
        call(doing=fail)
    assert made() == 0
    assert not IdempotencyRecord.objects.exists()

    assert call().status_code == 202
    assert made() == 1


@pytest.fixture
def together() -> Callable[[Callable[[], Any], int], list[Any]]:
    """Run one call in several threads at the same moment, with real commits."""

    def run(one: Callable[[], Any], times: int) -> list[Any]:
        barrier = Barrier(times)

        def each(_: int) -> Any:
            barrier.wait(10)
            try:
                return one()
            except Conflict as error:
                return error
            finally:
                connection.close()

        with ThreadPoolExecutor(times) as pool:
            return list(pool.map(each, range(times)))

    return run


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_requests_at_the_same_moment_act_once(
    together: Callable[[Callable[[], Any], int], list[Any]],
) -> None:
    for turn in range(5):
        before = made()
        answers = together(partial(call, f"k{turn}"), 4)

        assert made() == before + 1
        assert len({answer.data["id"] for answer in answers}) == 1
        assert sum("Idempotency-Replayed" in answer for answer in answers) == 3


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_when_the_first_of_two_fails_the_second_acts(
    together: Callable[[Callable[[], Any], int], list[Any]],
) -> None:
    turns = iter([True, False])

    def first_fails() -> tuple[int, dict[str, Any]]:
        if next(turns):
            act()
            raise Conflict("the first one fails")
        return act()

    answers = together(lambda: call(doing=first_fails), 2)

    assert made() == 1
    assert sorted(type(answer).__name__ for answer in answers) == [
        "Conflict",
        "Response",
    ]
