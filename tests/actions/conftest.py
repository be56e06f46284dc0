"""What the tests of actions share."""

from collections.abc import Iterator
from ipaddress import ip_network

import pytest
from django.conf import LazySettings

from tests.deliveries.receiver import Receiver, running_receiver


@pytest.fixture
def receiver(settings: LazySettings) -> Iterator[Receiver]:
    """A server on this machine, which actions are allowed to reach."""
    settings.DELIVERY_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
    with running_receiver() as running:
        running.answer = b'{"ok": true}'
        running.headers = {"Content-Type": "application/json"}
        yield running
