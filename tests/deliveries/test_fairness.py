"""Who is taken first, and how many at a time: no receiver has more than its share."""

from datetime import timedelta

import pytest

from apps.deliveries.models import Delivery, Trouble
from apps.deliveries.outcomes import Outcome, Verdict
from apps.deliveries.services.enqueue import NewMailDelivery, enqueue_deliveries
from apps.deliveries.services.settle import settle_delivery
from apps.deliveries.services.take import (
    LEASE,
    PER_LANE,
    PER_PROJECT,
    TROUBLE_FROM,
    take_due,
)
from apps.identity.models import Project
from tests.deliveries.conftest import enqueue_http
from tests.support.factories import make_project
from tests.support.frozen import FrozenClock

pytestmark = pytest.mark.django_db

AWAY = Outcome(Verdict.AWAY, error="no answer within 10 seconds")


def enqueue_many(project: Project, host: str, count: int) -> list[Delivery]:
    return [enqueue_http(project, f"https://{host}/{n}") for n in range(count)]


def hosts(taken: list[Delivery]) -> list[str]:
    return [one.url.split("/")[2] for one in taken]


def trouble(project: Project, host: str, frozen: FrozenClock) -> None:
    """Have a receiver fail as often as it takes to be in trouble."""
    for one in enqueue_many(project, host, TROUBLE_FROM):
        one.attempts = 0
        settle_delivery(one, AWAY, now=frozen.at)
        Delivery.objects.filter(id=one.id).delete()


def test_a_receiver_has_a_few_messages_under_way_in_all_processes_together(
    project: Project, frozen: FrozenClock
) -> None:
    enqueue_many(project, "slow.example", PER_LANE * 3)
    frozen.tick(seconds=1)
    enqueue_many(project, "other.example", 1)

    taken = take_due(now=frozen.at)

    assert hosts(taken).count("slow.example") == PER_LANE
    assert hosts(taken).count("other.example") == 1
    assert take_due(now=frozen.at) == []
    settle_delivery(taken[0], Outcome(Verdict.DELIVERED, 200), now=frozen.at)
    assert len(take_due(now=frozen.at)) == 1


def test_a_backlog_of_one_receiver_hides_no_other_however_long_it_is(
    project: Project, frozen: FrozenClock
) -> None:
    (first,) = enqueue_many(project, "slow.example", 1)
    Delivery.objects.bulk_create(
        Delivery(
            project_id=project.id,
            kind="http",
            purpose="p",
            url=first.url,
            lane=first.lane,
            next_attempt_at=frozen.at,
            created_at=frozen.at,
            updated_at=frozen.at,
        )
        for _ in range(5000)
    )
    frozen.tick(seconds=1)
    enqueue_many(project, "other.example", 1)

    assert "other.example" in hosts(take_due(now=frozen.at, room=2))


def test_a_project_with_many_receivers_leaves_room_for_others(
    project: Project, frozen: FrozenClock
) -> None:
    for number in range(PER_PROJECT + 5):
        enqueue_many(project, f"n{number}.example", 1)
    frozen.tick(seconds=1)
    other = make_project("globex")
    enqueue_many(other, "theirs.example", 1)

    first = take_due(now=frozen.at, room=3)
    rest = take_due(now=frozen.at)

    assert "theirs.example" in hosts(first)
    ours = [one for one in first + rest if one.project_id == project.id]
    assert len(ours) == PER_PROJECT


def test_the_first_of_each_receiver_goes_before_the_second_of_any(
    project: Project, frozen: FrozenClock
) -> None:
    enqueue_many(project, "a.example", 3)
    frozen.tick(seconds=1)
    enqueue_many(project, "b.example", 2)

    taken = hosts(take_due(now=frozen.at))

    assert taken == ["a.example", "b.example", "a.example", "b.example", "a.example"]


def test_a_receiver_in_trouble_has_one_message_under_way(
    project: Project, frozen: FrozenClock
) -> None:
    trouble(project, "dead.example", frozen)
    enqueue_many(project, "dead.example", 3)
    enqueue_many(project, "well.example", 3)

    taken = take_due(now=frozen.at)

    assert hosts(taken).count("dead.example") == 1
    assert hosts(taken).count("well.example") == 3
    assert [one.is_troubled for one in taken].count(True) == 1


def test_receivers_in_trouble_have_half_of_the_places_at_most(
    project: Project, frozen: FrozenClock
) -> None:
    for number in range(6):
        trouble(project, f"dead{number}.example", frozen)
        enqueue_many(project, f"dead{number}.example", 1)
    frozen.tick(seconds=1)
    enqueue_many(project, "well.example", 2)

    taken = take_due(now=frozen.at, room=4, troubled_room=2)

    assert sum(one.is_troubled for one in taken) == 2
    assert hosts(taken).count("well.example") == 2


def test_trouble_is_over_with_the_first_message_that_is_delivered(
    project: Project, frozen: FrozenClock
) -> None:
    trouble(project, "back.example", frozen)
    found = Trouble.objects.get()
    assert (found.failures, found.failed) == (TROUBLE_FROM, 0)
    enqueue_many(project, "back.example", PER_LANE)

    (taken,) = take_due(now=frozen.at)
    settle_delivery(taken, Outcome(Verdict.DELIVERED, 204), now=frozen.at)

    assert not Trouble.objects.exists()
    assert len(take_due(now=frozen.at)) == PER_LANE - 1


def test_a_lease_that_ran_out_counts_no_more(
    project: Project, frozen: FrozenClock
) -> None:
    enqueue_many(project, "slow.example", PER_LANE * 2)
    take_due(now=frozen.at)
    frozen.at += LEASE + timedelta(seconds=1)

    assert len(take_due(now=frozen.at)) == PER_LANE


def test_mail_shares_the_limit_of_its_project_only(
    project: Project, frozen: FrozenClock
) -> None:
    to = [f"n{number}@e.com" for number in range(PER_PROJECT + 1)]
    mail = NewMailDelivery(project.id, "mail", to, "Subject", "text")
    enqueue_deliveries([mail], now=frozen.at)

    assert len(take_due(now=frozen.at)) == PER_PROJECT
