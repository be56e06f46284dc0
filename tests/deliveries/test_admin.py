"""The admin page of deliveries and its button."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from apps.deliveries.models import Delivery
from apps.deliveries.sending import send_due
from apps.deliveries.services.enqueue import NewMailDelivery, enqueue_deliveries
from apps.deliveries.services.resend import resend_delivery
from apps.deliveries.services.take import LEASE, take_due
from apps.identity.models import Project
from apps.kernel import clock
from apps.kernel.errors import Conflict
from tests.deliveries.conftest import Enqueue
from tests.deliveries.receiver import Receiver
from tests.support.frozen import FrozenClock

pytestmark = pytest.mark.django_db

PRESSED = {"_form_submitted": "on"}
LIST = "admin:deliveries_delivery_changelist"


@pytest.fixture
def chief() -> Client:
    """Somebody who may do everything on the pages."""
    client = Client()
    client.force_login(User.objects.create_superuser("chief", "", "secret-secret"))
    return client


def page(delivery: Delivery) -> str:
    return reverse("admin:deliveries_delivery_change", args=[delivery.id])


def button(delivery: Delivery) -> str:
    return reverse("admin:deliveries_delivery_send_again", args=[delivery.id])


def make_mail(project: Project) -> Delivery:
    new = NewMailDelivery(project.id, "mail", ["ann@e.com"], "Subject", "secret-link")
    enqueue_deliveries([new], now=clock.now())
    return Delivery.objects.get(kind="mail")


def test_the_pages_open_find_by_id_and_change_nothing(
    enqueue: Enqueue, chief: Client
) -> None:
    row = enqueue(subject_id="iact_1", run_id="run_1")
    send_due()

    for word in ("", row.id, "iact_1", "run_1"):
        listed = chief.get(reverse(LIST), {"q": word})
        assert listed.status_code == 200
        assert row.id in listed.content.decode()
    assert row.id not in chief.get(reverse(LIST), {"q": "iact_2"}).content.decode()
    for query in ({"status": "failed"}, {"kind": "mail"}):
        assert row.id not in chief.get(reverse(LIST), query).content.decode()
    shown = chief.get(page(row)).content.decode()
    assert "interaction.resolved" in shown
    assert chief.post(page(row), {"status": "failed"}).status_code == 403


def test_a_mails_text_is_not_shown(project: Project, chief: Client) -> None:
    row = make_mail(project)

    shown = chief.get(page(row)).content.decode()

    assert "ann@e.com" in shown
    assert "secret-link" not in shown


def test_the_button_sends_a_failed_message_again_under_its_id(
    enqueue: Enqueue, receiver: Receiver, chief: Client
) -> None:
    receiver.script = [410]
    row = enqueue()
    send_due()

    answer = chief.post(button(row), PRESSED, follow=True)
    assert "due now" in answer.content.decode()
    send_due()

    row.refresh_from_db()
    assert (row.status, row.attempts, row.failures) == ("delivered", 2, 0)
    assert len({one.headers["x-mobius-delivery-id"] for one in receiver.received}) == 1


def test_a_message_sent_again_has_all_its_attempts_before_it(
    enqueue: Enqueue, receiver: Receiver, frozen: FrozenClock
) -> None:
    receiver.status = 404
    row = enqueue()
    for _ in range(10):
        send_due()
        frozen.tick(hours=2)
    row.refresh_from_db()
    assert (row.status, row.attempts) == ("failed", 6)

    resend_delivery(row.id, now=frozen.at)
    send_due()

    row.refresh_from_db()
    assert (row.status, row.attempts, row.failures) == ("pending", 7, 1)
    assert row.next_attempt_at - frozen.at < timedelta(seconds=6)


def test_a_message_that_waits_goes_at_once(
    enqueue: Enqueue, receiver: Receiver, frozen: FrozenClock
) -> None:
    receiver.script = [500]
    row = enqueue()
    send_due()
    assert send_due() == 0

    resend_delivery(row.id, now=frozen.at)

    assert send_due() == 1
    assert Delivery.objects.get().status == "delivered"


def test_what_is_being_sent_is_not_sent_twice(
    enqueue: Enqueue, receiver: Receiver, frozen: FrozenClock, chief: Client
) -> None:
    row = enqueue()
    take_due(now=frozen.at)

    assert f"{row.id}/send_again/" not in chief.get(page(row)).content.decode()
    answer = chief.post(button(row), PRESSED, follow=True)
    assert "is being sent at this moment" in answer.content.decode()
    assert send_due() == 0

    frozen.at += LEASE
    resend_delivery(row.id, now=frozen.at)
    assert send_due() == 1


def test_a_mail_whose_text_is_erased_cannot_go_again(
    project: Project, chief: Client
) -> None:
    row = make_mail(project)
    assert "send_again" in chief.get(page(row)).content.decode()
    send_due()

    assert "send_again" not in chief.get(page(row)).content.decode()
    with pytest.raises(Conflict, match="is erased"):
        resend_delivery(row.id, now=clock.now())


def test_who_may_only_look_gets_no_button(enqueue: Enqueue) -> None:
    row = enqueue()
    looker = User.objects.create_user("looker", is_staff=True)
    looker.user_permissions.set(Permission.objects.filter(codename="view_delivery"))
    client = Client()
    client.force_login(looker)

    assert "send_again" not in client.get(page(row)).content.decode()
    assert client.post(button(row), PRESSED).status_code == 403
