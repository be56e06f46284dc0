"""Where a key never is: answers after the first, logs, pages, tables, what is
remembered for Idempotency-Key."""

import logging

import pytest
from django.contrib.auth.models import User
from django.core import serializers
from django.test import Client
from django.urls import reverse

from apps.api.models import IdempotencyRecord
from apps.deliveries.models import Delivery
from apps.deliveries.sending import send_due
from apps.identity.models import Project
from apps.secrets.models import Secret, SecretVersion
from apps.source_events.models import SourceEvent
from apps.webhooks.models import Webhook
from apps.webhooks.services.create import NewWebhook, Shown
from apps.webhooks.services.update import Changes
from tests.deliveries.receiver import Receiver
from tests.support.api import Api
from tests.webhooks.scenes import happen, hook, records

CHOSEN = "a-secret-of-my-own"


def test_no_answer_log_or_row_holds_a_key(
    api: Api, project: Project, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    once = {"Idempotency-Key": "hook-1"}
    asked = {"name": "once", "url": receiver.url}
    first = api.post("webhooks", asked, **once)
    chosen = hook(api, receiver.url, name="chosen", secret=CHOSEN)
    path = f"webhooks/{first.json()['id']}"
    rotated = api.post(f"{path}/secret/rotate")
    keys = [
        first.json()["signing_secret"],
        rotated.json()["signing_secret"],
        CHOSEN,
    ]
    replayed = api.post("webhooks", asked, **once)
    happen(project.id)
    receiver.script = [500]
    send_due()
    (record, *_) = records(api, first.json())
    answers = [
        replayed,
        api.post("webhooks", {**asked, "secret": CHOSEN}),
        api.post("webhooks", {"name": "x", "secret": CHOSEN * 100}),
        api.patch(f"webhooks/{chosen['id']}", {"secret": CHOSEN}),
        api.patch(path, {"name": "other"}),
        api.get(path),
        api.get("webhooks"),
        api.post(f"{path}/ping"),
        api.get(f"{path}/deliveries"),
        api.get(f"{path}/deliveries/{record['id']}"),
        api.post(f"{path}/deliveries/{record['id']}/redeliver"),
        api.get("secrets"),
        api.get("source-events"),
    ]

    assert replayed["Idempotency-Replayed"] == "true"
    assert replayed.json()["id"] == first.json()["id"]
    told = b"".join(answer.content for answer in answers).decode()
    rows = [
        *Webhook.objects.all(),
        *Delivery.objects.all(),
        *IdempotencyRecord.objects.all(),
        *SourceEvent.objects.all(),
        *Secret.objects.all(),
        *SecretVersion.objects.all(),
    ]
    stored = serializers.serialize("json", rows)
    for key in keys:
        assert key not in told
        assert key not in caplog.text
        assert key not in stored


def test_the_same_key_with_another_secret_is_another_request(api: Api) -> None:
    once = {"Idempotency-Key": "hook-1"}
    api.post("webhooks", {"name": "n", "secret": CHOSEN}, **once)

    other = api.post("webhooks", {"name": "n", "secret": "another"}, **once)

    assert other.status_code == 409


def test_the_api_of_secrets_does_not_know_the_keys_of_webhooks(
    api: Api, project: Project
) -> None:
    made = hook(api)
    secret = Secret.objects.get()
    assert secret.owner_id == made["id"]

    assert api.get("secrets").json()["items"] == []
    for name in (secret.id, secret.name.replace("/", "%2F")):
        assert api.get(f"secrets/{name}").status_code == 404
        assert api.patch(f"secrets/{name}", {"values": {"a": "b"}}).status_code == 404
        assert api.delete(f"secrets/{name}").status_code == 404


def test_with_the_webhook_its_key_is_erased(api: Api) -> None:
    made = hook(api)
    api.post(f"webhooks/{made['id']}/secret/rotate")
    api.delete(f"webhooks/{made['id']}")

    assert set(SecretVersion.objects.values_list("state", "sealed")) == {
        ("DESTROYED", "")
    }


def test_no_page_shows_a_key(api: Api) -> None:
    made = hook(api)
    chief = Client()
    chief.force_login(User.objects.create_superuser("chief", "", "secret-secret"))
    sealed = SecretVersion.objects.get().sealed
    names = ("change", "history")
    pages = [
        chief.get(reverse(f"admin:webhooks_webhook_{name}", args=[made["id"]]))
        for name in names
    ]
    pages.append(chief.get(reverse("admin:webhooks_webhook_changelist")))

    for page in pages:
        assert page.status_code == 200
        for secret in (made["signing_secret"], sealed):
            assert secret not in page.content.decode()


def test_what_is_passed_around_does_not_show_it() -> None:
    passed = [
        NewWebhook("n", secret=CHOSEN),
        Changes(secret=CHOSEN),
        Shown(Webhook(name="n"), CHOSEN),
    ]

    assert CHOSEN not in repr(passed)
