"""The signed callback to a subscriber once a question is over: a real HTTP server."""

import json
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from django.conf import LazySettings

from apps.deliveries.models import Delivery
from apps.deliveries.sending import send_due
from apps.identity.models import Principal, Project
from apps.interactions.tasks import expire
from apps.kernel import clock
from apps.source_events.models import SourceEvent
from tests.deliveries.conftest import KEY, make_secret
from tests.deliveries.receiver import Receiver, running_receiver
from tests.interactions.conftest import api_of
from tests.interactions.scenes import answer, people
from tests.support.api import Api
from tests.support.drive import dispatch_all

Question = dict[str, Any]
SECRET = "callbacks"


@pytest.fixture
def receiver(project: Project, settings: LazySettings) -> Iterator[Receiver]:
    """The subscriber, on this machine, which deliveries are allowed to reach."""
    settings.DELIVERY_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
    make_secret(project, name=SECRET, key=KEY)
    with running_receiver() as running:
        yield running


@pytest.fixture
def ann(project: Project) -> Principal:
    """Who is asked."""
    return people(project, "ann")[0]


def consumer(url: str, secret: str = SECRET) -> dict[str, Any]:
    subscriber = {"callback_url": url, "secret_ref": secret}
    return {"kind": "http_subscriber", "http_subscriber": subscriber}


@pytest.fixture
def question(api: Api, ann: Principal, receiver: Receiver) -> Question:
    """A question with a subscriber."""
    body = {
        "kind": "request_approval",
        "title": "Publish?",
        "target_user_ids": [ann.id],
        "consumer": consumer(receiver.url),
    }
    made = api.post("interactions", body)
    assert made.status_code == 201, made.content
    return dict(made.json())


def send() -> None:
    dispatch_all()
    send_due()


def test_the_subscriber_is_called_with_the_outcome_signed(
    api: Api, question: Question, ann: Principal, receiver: Receiver
) -> None:
    assert question["consumer"] == consumer(receiver.url)
    send()
    assert receiver.received == []

    done = answer(ann, question, comment="Looks good.").json()
    send()

    (call,) = receiver.received
    assert call.is_signed_with(KEY)
    assert not call.is_signed_with(bytes(32))
    assert call.headers["content-type"] == "application/json"
    assert call.headers["x-mobius-secret-ref"] == "callbacks"
    assert call.headers["idempotency-key"] == call.headers["x-mobius-delivery-id"]
    assert json.loads(call.body) == {
        "interaction_id": question["id"],
        "kind": "request_approval",
        "status": "completed",
        "outcome": True,
        "comment": "Looks good.",
        "responder": {"user_id": ann.id, "type": "member"},
        "resolved_by": done["resolved_by"],
        "resolving_response_id": done["resolving_response_id"],
        "reason": None,
        "completed_at": done["completed_at"],
        "run_id": None,
    }


def test_an_internal_event_drives_the_call_and_twice_is_once(
    question: Question, ann: Principal, receiver: Receiver
) -> None:
    answer(ann, question)
    events = SourceEvent.objects.filter(
        event_type="interaction.http_subscriber.dispatch"
    )
    assert events.count() == 1

    events.update(dispatched_at=None)
    send()
    events.update(dispatched_at=None)
    send()

    assert len(receiver.received) == 1
    assert Delivery.objects.filter(subject_id=question["id"]).count() == 1


def test_a_subscriber_that_fails_is_called_again_with_the_same_delivery(
    question: Question,
    ann: Principal,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    receiver.script = [500, 503]
    answer(ann, question)
    send()
    for hours in (1, 2):
        later = clock.now() + timedelta(hours=hours)
        with monkeypatch.context() as patched:
            patched.setattr(clock, "now", lambda later=later: later)
            send()

    ids = {call.headers["x-mobius-delivery-id"] for call in receiver.received}
    assert (len(receiver.received), len(ids)) == (3, 1)
    assert all(call.is_signed_with(KEY) for call in receiver.received)
    assert Delivery.objects.get(subject_id=question["id"]).status == "delivered"


def test_it_hears_of_a_withdrawal_too(
    api: Api, question: Question, receiver: Receiver
) -> None:
    api.post(f"interactions/{question['id']}/cancel", {"reason": "Changed my mind."})
    send()

    (call,) = receiver.received
    told = json.loads(call.body)
    assert (told["status"], told["reason"]) == ("cancelled", "Changed my mind.")
    assert (told["outcome"], told["responder"]) == (None, None)


def test_and_of_an_expiry(
    api: Api, ann: Principal, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {
        "type": "approval",
        "message": "Publish?",
        "targets": [ann.id],
        "timeout": "1h",
        "consumer": consumer(receiver.url),
    }
    api.post("interactions", body)
    later = clock.now() + timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert expire.run() == 1
    send()

    (call,) = receiver.received
    assert json.loads(call.body)["status"] == "expired"


def test_without_its_secret_nothing_leaves_unsigned(
    api: Api, question: Question, ann: Principal, receiver: Receiver
) -> None:
    assert api.delete("secrets/callbacks").status_code in (200, 204)
    answer(ann, question)
    send()

    assert receiver.received == []
    row = Delivery.objects.get(subject_id=question["id"])
    assert (row.status, row.attempts) == ("pending", 1)
    assert "cannot be signed" in row.last_error


def test_private_addresses_are_not_called_unless_allowed(
    question: Question, ann: Principal, receiver: Receiver, settings: LazySettings
) -> None:
    settings.DELIVERY_ALLOWED_NETWORKS = []
    answer(ann, question)
    send()

    assert receiver.received == []
    assert Delivery.objects.get(subject_id=question["id"]).status != "delivered"


@pytest.mark.parametrize(
    ("url", "secret", "path"),
    [
        ("http://127.0.0.1/x", "callbacks", "callback_url"),
        ("http://169.254.169.254/latest", "callbacks", "callback_url"),
        ("ftp://example.com/x", "callbacks", "callback_url"),
        ("https://ada:pw@example.com/x", "callbacks", "callback_url"),
        ("", "callbacks", "callback_url"),
        ("https://example.com/x", "", "secret_ref"),
    ],
)
def test_a_subscriber_that_cannot_be_called_is_refused_by_name(
    api: Api, ann: Principal, url: str, secret: str, path: str
) -> None:
    body = {"type": "approval", "message": "Publish?", "targets": [ann.id]}

    refused = api.post("interactions", {**body, "consumer": consumer(url, secret)})

    assert refused.status_code == 400
    paths = {each["path"] for each in refused.json()["details"]["fields"]}
    assert f"consumer.http_subscriber.{path}" in paths


def test_only_who_may_ask_names_a_subscriber(
    ann: Principal, rita: Principal, stranger: Api
) -> None:
    body = {
        "type": "approval",
        "message": "Publish?",
        "targets": [ann.id],
        "consumer": consumer("https://example.com/x"),
    }

    assert api_of(rita).post("interactions", body).status_code == 403
    assert stranger.post("interactions", body).status_code == 400
