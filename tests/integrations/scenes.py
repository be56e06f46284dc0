"""What tests of integrations share: integrations, deliveries, what came of them."""

from typing import Any

from rest_framework.test import APIClient

from apps.source_events.models import SourceEvent
from tests.integrations.senders import AUDIENCE, EMAIL, KEY, SECRET, Request
from tests.support.api import Api
from tests.support.drive import dispatch_all

Body = dict[str, Any]

GMAIL_CONFIG: Body = {
    "service_account_email": EMAIL,
    "audience": AUDIENCE,
    "public_keys": [KEY.as_dict(private=False)],
}


def connect(api: Api, provider: str = "github", **more: Any) -> Body:
    """An integration as the API shows it."""
    own = {"config": GMAIL_CONFIG} if provider == "gmail" else {"secret": SECRET}
    body = {"name": provider, "provider": provider, **own, **more}
    made = api.post("integrations", body)
    assert made.status_code == 201, made.json()
    return dict(made.json())


def deliver(integration: Body, request: Request) -> Any:
    """Post a delivery to the integration's address, without a key."""
    path = f"/v1/integrations/{integration['provider']}/{integration['handle']}"
    return APIClient().post(
        path,
        data=request.body,
        content_type=request.content_type,
        headers=request.headers,
    )


def refusal(integration: Body, request: Request) -> tuple[int, str]:
    """Status and code of a delivery that is refused; nothing was appended."""
    before = SourceEvent.objects.count()
    answer = deliver(integration, request)
    assert SourceEvent.objects.count() == before
    return answer.status_code, answer.json()["code"]


def event_of(integration: Body, request: Request) -> SourceEvent:
    """The event of a delivery that was taken."""
    answer = deliver(integration, request)
    assert answer.status_code in (200, 202), answer.content
    event = SourceEvent.objects.filter(source_id=integration["id"]).latest("id")
    dispatch_all()
    return event


def events_of(integration: Body) -> list[str]:
    """The types of the events that came through an integration."""
    rows = SourceEvent.objects.filter(source_id=integration["id"]).order_by("id")
    return list(rows.values_list("event_type", flat=True))
