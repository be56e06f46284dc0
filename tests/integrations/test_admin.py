"""The pages of integrations: who reports, when it last did, and the buttons."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from apps.integrations.models import Integration
from apps.source_events.models import SourceEvent
from tests.integrations.scenes import Body, connect, event_of, refusal
from tests.integrations.senders import github
from tests.support.api import Api


@pytest.fixture
def chief(db: None) -> Client:
    """Somebody who may do everything on the pages."""
    client = Client()
    client.force_login(User.objects.create_superuser("chief", "", "secret-secret"))
    return client


def page(made: Body, name: str = "change") -> str:
    return reverse(f"admin:integrations_integration_{name}", args=[made["id"]])


def press(chief: Client, made: Body, name: str, **filled: Any) -> str:
    """Press a button; return what it says."""
    answer = chief.post(
        page(made, name), {"_form_submitted": "on", **filled}, follow=True
    )
    assert answer.status_code == 200
    return " ".join(str(message) for message in answer.context["messages"])


def test_the_page_shows_the_address_and_what_came(api: Api, chief: Client) -> None:
    made = connect(api)
    event = event_of(made, github())

    shown = chief.get(page(made)).content.decode()

    for word in (made["receive_url"], event.id, event.event_type):
        assert word in shown
    assert f"{event.created_at:%Y-%m-%d %H:%M:%S}" in shown
    listed = chief.get(reverse("admin:integrations_integration_changelist"))
    assert made["id"] in listed.content.decode()


def test_an_integration_is_disabled_and_enabled_by_buttons(
    api: Api, chief: Client
) -> None:
    made = connect(api)

    assert "disabled" in press(chief, made, "disable")
    assert refusal(made, github()) == (404, "not_found")
    assert "enabled" in press(chief, made, "enable")
    event_of(made, github())


def test_a_secret_is_replaced_by_a_button(api: Api, chief: Client) -> None:
    made = connect(api)

    assert "counts" in press(chief, made, "replace_secret", secret=" with spaces ")

    assert refusal(made, github()) == (401, "invalid_signature")
    event_of(made, github(secret=" with spaces "))


def test_gmail_has_no_secret_to_replace(api: Api, chief: Client) -> None:
    made = connect(api, "gmail")

    shown = chief.get(page(made)).content.decode()

    assert page(made, "replace_secret") not in shown
    said = press(chief, made, "replace_secret", secret="some-secret-or-other")
    assert "gmail has none" in said
    assert Integration.objects.get(id=made["id"]).sealed_secret == ""


def test_events_are_shown_to_those_who_may_see_them(api: Api) -> None:
    made = connect(api)
    event_of(made, github())
    staff = User.objects.create_user("staff", is_staff=True)
    staff.user_permissions.add(
        *staff.user_permissions.model.objects.filter(codename="view_integration")
    )
    client = Client()
    client.force_login(staff)

    shown = client.get(page(made)).content.decode()

    assert made["receive_url"] in shown
    assert SourceEvent.objects.get(source_id=made["id"]).id not in shown
    assert client.post(page(made, "disable")).status_code == 403
