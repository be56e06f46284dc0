"""The admin page of webhooks: how they stand, what was sent, and the buttons."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from apps.deliveries.sending import send_due
from apps.identity.models import Project
from apps.webhooks.models import Webhook
from tests.deliveries.receiver import Receiver
from tests.support.api import Api
from tests.webhooks.scenes import Body, happen, hook, patch, sent_to

PRESSED = {"_form_submitted": "on"}


@pytest.fixture
def chief(db: None) -> Client:
    """Somebody who may do everything on the pages."""
    client = Client()
    client.force_login(User.objects.create_superuser("chief", "", "secret-secret"))
    return client


def page(webhook: Body) -> str:
    return reverse("admin:webhooks_webhook_change", args=[webhook["id"]])


def press(who: Client, webhook: Body, name: str) -> str:
    """Press a button; what the page says then."""
    path = reverse(f"admin:webhooks_webhook_{name}", args=[webhook["id"]])
    answer = who.post(path, PRESSED, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_webhooks_are_found_by_id_and_name(api: Api, chief: Client) -> None:
    made = hook(api, name="deploys")
    path = reverse("admin:webhooks_webhook_changelist")

    for word in ("", made["id"], "deploys"):
        assert made["id"] in chief.get(path, {"q": word}).content.decode()
    assert made["id"] not in chief.get(path, {"q": "nothing"}).content.decode()


def test_the_page_shows_what_was_sent_and_each_delivery_its_tries(
    api: Api, project: Project, receiver: Receiver, chief: Client
) -> None:
    made = hook(api, receiver.url)
    receiver.status, receiver.answer = 404, b"nobody here"
    happen(project.id)
    send_due()
    (delivery,) = sent_to(made)

    shown = chief.get(page(made)).content.decode()
    assert delivery.id in shown
    assert "custom.paid" in shown
    assert "1 attempts in a row failed" in shown
    one = reverse("admin:deliveries_delivery_change", args=[delivery.id])
    said = chief.get(one).content.decode()
    assert "Tries" in said
    assert "the receiver answered 404: nobody here" in said
    again = reverse("admin:deliveries_delivery_send_again", args=[delivery.id])
    receiver.status = 200
    chief.post(again, PRESSED)
    send_due()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("delivered", 2)


def test_the_buttons_do_what_the_api_does(
    api: Api, project: Project, receiver: Receiver, chief: Client
) -> None:
    made = hook(api, receiver.url)

    assert "answered 200" in press(chief, made, "ping")
    assert "is disabled" in press(chief, made, "disable")
    happen(project.id)
    assert sent_to(made) == []
    assert "is enabled" in press(chief, made, "enable")
    happen(project.id)
    assert len(sent_to(made)) == 1


def test_a_button_is_offered_where_it_makes_sense(api: Api, chief: Client) -> None:
    made = hook(api, "")

    shown = chief.get(page(made)).content.decode()
    assert "without address" in shown
    assert "Send a ping" not in shown
    assert "Disable" in shown
    patch(api, made, enabled=False)
    Webhook.objects.update(disabled_reason="disabled after 9 attempts")
    shown = chief.get(page(made)).content.decode()
    assert "disabled after 9 attempts" in shown
    assert "dead" in shown


def test_who_may_only_look_presses_nothing(api: Api, project: Project) -> None:
    made = hook(api)
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_webhook"))
    client = Client()
    client.force_login(viewer)

    shown = client.get(page(made))
    assert shown.status_code == 200
    assert "Latest deliveries" not in shown.content.decode()
    path = reverse("admin:webhooks_webhook_disable", args=[made["id"]])
    assert client.post(path, PRESSED).status_code == 403
    assert Webhook.objects.get().enabled


def test_an_event_says_whether_a_webhook_was_told(
    api: Api, project: Project, chief: Client
) -> None:
    made = hook(api, events=["custom.paid"])
    event_id = happen(project.id)
    event = reverse("admin:source_events_sourceevent_change", args=[event_id])

    (delivery,) = sent_to(made)
    told = chief.get(event).content.decode()
    assert made["id"] in told
    assert f"It was told: {delivery.id} is pending." in told
    listeners = reverse("admin:source_events_listener_changelist")
    assert page(made) in chief.get(listeners).content.decode()
