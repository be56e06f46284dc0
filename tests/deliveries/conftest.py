"""What the tests of deliveries share."""

import base64
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from django.conf import LazySettings

from apps.deliveries.models import Delivery
from apps.deliveries.services.enqueue import NewHttpDelivery, enqueue_deliveries
from apps.identity.models import Project
from apps.kernel import clock
from apps.secrets.services.create import NewSecret, create_secret
from tests.deliveries.receiver import Receiver, running_receiver
from tests.support.frozen import FrozenClock

KEY = bytes(range(32))
BODY: dict[str, Any] = {"type": "interaction.resolved", "data": {"n": 1, "ü": [None]}}

Enqueue = Callable[..., Delivery]


def b64(key: bytes) -> str:
    return base64.b64encode(key).decode()


def make_secret(project: Project, name: str = "signing", key: bytes = KEY) -> None:
    """A secret that signs."""
    new = NewSecret(name, {"signing_key_b64": b64(key)})
    create_secret(project.id, new, created_by="", now=clock.now())


def enqueue_http(project: Project, url: str, **fields: Any) -> Delivery:
    """Write down one callback and return its row."""
    given = {"purpose": "interaction.callback", "body": BODY, **fields}
    new = NewHttpDelivery(project.id, url=url, **{"secret_ref": "signing", **given})
    enqueue_deliveries([new], now=clock.now())
    return Delivery.objects.filter(url=url).order_by("-id")[0]


def stand(delivery: Delivery) -> tuple[str, int, int | None]:
    """How a row stands now."""
    delivery.refresh_from_db()
    return delivery.status, delivery.attempts, delivery.last_status


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> FrozenClock:
    """The clock of the whole process, standing still."""
    standing = FrozenClock()
    monkeypatch.setattr(clock, "now", standing)
    return standing


@pytest.fixture
def receiver(settings: LazySettings) -> Iterator[Receiver]:
    """A server on this machine, which deliveries are allowed to reach."""
    settings.DELIVERY_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
    with running_receiver() as running:
        yield running


@pytest.fixture
def enqueue(project: Project, receiver: Receiver) -> Enqueue:
    """Writes down a callback to the receiver, signed with ``KEY``."""
    make_secret(project)
    return lambda **fields: enqueue_http(project, receiver.url, **fields)
