"""Nothing leaves unsigned: whose key signs, and what happens without one."""

import pytest

from apps.deliveries.outcomes import DELAYS
from apps.deliveries.sending import send_due
from apps.identity.models import Project
from apps.kernel import clock
from apps.secrets.services.create import NewSecret, create_secret
from apps.secrets.services.destroy import destroy_secret
from apps.secrets.services.update import Changes, update_secret
from tests.deliveries.conftest import (
    KEY,
    Enqueue,
    b64,
    enqueue_http,
    make_secret,
    stand,
)
from tests.deliveries.receiver import Receiver
from tests.support.frozen import FrozenClock

pytestmark = pytest.mark.django_db


def test_after_a_rotation_the_new_key_signs(
    project: Project, enqueue: Enqueue, receiver: Receiver, frozen: FrozenClock
) -> None:
    receiver.script = [500]
    delivery, other = enqueue(), bytes(range(32, 64))
    send_due()
    changes = Changes(values={"signing_key_b64": b64(other)})
    update_secret(project.id, "signing", changes, changed_by="", now=clock.now())
    frozen.tick(minutes=1)
    send_due()

    first, second = receiver.received
    assert first.is_signed_with(KEY)
    assert second.is_signed_with(other)
    assert second.headers["x-mobius-secret-version"] == "2"
    assert stand(delivery)[0] == "delivered"


@pytest.mark.parametrize(
    ("ref", "reason"),
    [
        ("missing", "secret missing not found"),
        ("signing:7", "version 7 of secret signing not found"),
        ("signing:x", "expected a whole number"),
        ("short", "not base64 of 32 bytes"),
        ("words", "not base64 of 32 bytes"),
        ("umlauts", "not base64 of 32 bytes"),
    ],
)
def test_without_its_key_a_message_waits_and_never_leaves_unsigned(
    project: Project,
    enqueue: Enqueue,
    receiver: Receiver,
    frozen: FrozenClock,
    ref: str,
    reason: str,
) -> None:
    make_secret(project, "short", key=bytes(31))
    for name, text in (("words", "not a key at all"), ("umlauts", "schlüssel")):
        new = NewSecret(name, {"signing_key_b64": text})
        create_secret(project.id, new, created_by="", now=clock.now())
    delivery = enqueue(secret_ref=ref)

    send_due()

    assert stand(delivery) == ("pending", 1, None)
    assert reason in delivery.last_error
    assert receiver.received == []
    assert delivery.next_attempt_at >= frozen.at + DELAYS[0]


def test_a_message_leaves_once_its_secret_is_there(
    project: Project, receiver: Receiver, frozen: FrozenClock
) -> None:
    delivery = enqueue_http(project, receiver.url)
    send_due()
    make_secret(project)
    frozen.tick(seconds=10)
    send_due()

    assert stand(delivery) == ("delivered", 2, 200)
    assert receiver.received[0].is_signed_with(KEY)


def test_a_pinned_version_that_was_replaced_signs_nothing_any_more(
    project: Project, enqueue: Enqueue, receiver: Receiver
) -> None:
    changes = Changes(values={"signing_key_b64": b64(bytes(32))})
    update_secret(project.id, "signing", changes, changed_by="", now=clock.now())
    pinned, current = enqueue(secret_ref="signing:1"), enqueue(secret_ref="signing:2")

    send_due()

    assert stand(pinned)[0] == "pending"
    assert "version 1 of secret signing is disabled" in pinned.last_error
    assert stand(current)[0] == "delivered"


def test_after_its_secret_is_destroyed_nothing_leaves(
    project: Project, enqueue: Enqueue, receiver: Receiver
) -> None:
    delivery = enqueue()
    destroy_secret(project.id, "signing", destroyed_by="", now=clock.now())

    send_due()

    assert stand(delivery)[0] == "pending"
    assert receiver.received == []


@pytest.mark.parametrize("key", [b"\xfb\xef\xff" * 10 + b"ab"])
def test_either_alphabet_of_base64_is_read(
    project: Project, receiver: Receiver, key: bytes
) -> None:
    make_secret(project)
    text = b64(key).translate(str.maketrans("+/", "-_")).rstrip("=")
    changes = Changes(values={"signing_key_b64": text})
    update_secret(project.id, "signing", changes, changed_by="", now=clock.now())
    enqueue_http(project, receiver.url)

    send_due()

    assert receiver.received[0].is_signed_with(key)


def test_an_http_delivery_without_a_secret_is_not_written_down(
    project: Project, receiver: Receiver
) -> None:
    with pytest.raises(ValueError, match="secret_ref"):
        enqueue_http(project, receiver.url, secret_ref="")
