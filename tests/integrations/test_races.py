"""Deliveries at the same moment: real threads, real commits."""

import pytest

from apps.integrations.arrivals import Delivery, Greeting
from apps.integrations.models import Integration
from apps.integrations.services.receive import receive_delivery
from apps.kernel import clock
from apps.source_events.services.append import Appended
from tests.integrations.scenes import connect, events_of
from tests.integrations.senders import github
from tests.races.test_races import at_once
from tests.support.api import Api

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS = 8


def test_a_delivery_that_arrives_twice_at_once_is_one_event(api: Api) -> None:
    made = connect(api)
    row = Integration.objects.get(id=made["id"])

    for number in range(ROUNDS):
        request = github(id=f"{number}")
        delivery = Delivery(request.body, request.headers)

        def receive(delivery: Delivery = delivery) -> Appended | Greeting:
            return receive_delivery(row, delivery, now=clock.now())

        first, second = at_once(receive, receive)

        assert isinstance(first, Appended), first
        assert isinstance(second, Appended), second
        assert first.id == second.id
        assert {first.deduped, second.deduped} == {True, False}
    assert len(events_of(made)) == ROUNDS
