"""Where a secret never is: answers, logs, pages, what is remembered, the table."""

import json
import logging
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.core import serializers
from django.test import Client
from django.urls import reverse

from apps.api.models import IdempotencyRecord
from apps.integrations.models import Integration
from apps.integrations.services.create import NewIntegration
from apps.integrations.services.update import Changes
from apps.secrets.services.reseal import reseal_secrets
from apps.source_events.models import SourceEvent
from tests.integrations.scenes import connect, deliver, event_of
from tests.integrations.senders import SECRET, github
from tests.support.api import Api

NEW = "another-secret-of-the-hook"


def test_no_answer_log_or_row_holds_the_secret(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    once = {"Idempotency-Key": "hook-1"}
    hook = {"name": "code", "provider": "github", "secret": SECRET}
    created = api.post("integrations", hook, **once)
    path = f"integrations/{created.json()['id']}"
    answers = [
        created,
        api.post("integrations", hook, **once),
        api.post("integrations", hook),
        api.post("integrations", {**hook, "name": "x", "enabled": SECRET[:0]}),
        api.patch(path, {"secret": NEW}),
        api.patch(path, {"secret": NEW[:3]}),
        api.get(path),
        api.get("integrations"),
        deliver(created.json(), github()),
        deliver(created.json(), github(secret=NEW)),
        api.get("source-events"),
    ]

    told = b"".join(answer.content for answer in answers).decode()
    rows = [
        *Integration.objects.all(),
        *IdempotencyRecord.objects.all(),
        *SourceEvent.objects.all(),
    ]
    stored = serializers.serialize("json", rows)
    for secret in (SECRET, NEW):
        assert secret not in told
        assert secret not in caplog.text
        assert secret not in stored


def test_no_page_shows_the_secret(api: Api) -> None:
    made = connect(api)
    chief = Client()
    chief.force_login(User.objects.create_superuser("chief", "", "secret-secret"))
    page = reverse("admin:integrations_integration_change", args=[made["id"]])
    listed = reverse("admin:integrations_integration_changelist")
    press = reverse("admin:integrations_integration_replace_secret", args=[made["id"]])
    form = {"_form_submitted": "on", "secret": NEW}

    pages = [
        chief.get(page),
        chief.get(listed),
        chief.get(press),
        chief.post(press, {**form, "secret": NEW[:7]}, follow=True),
        chief.post(press, form, follow=True),
        chief.get(reverse("admin:integrations_integration_history", args=[made["id"]])),
    ]

    sealed = Integration.objects.get(id=made["id"]).sealed_secret
    for one in pages:
        assert one.status_code == 200
        for secret in (SECRET, NEW, sealed):
            assert secret not in one.content.decode()
    event_of(made, github(secret=NEW))


def test_what_is_passed_around_does_not_show_it() -> None:
    shown = repr([NewIntegration("n", "github", secret=SECRET), Changes(secret=SECRET)])

    assert SECRET not in shown


def test_secrets_are_sealed_anew_with_the_others(api: Api, settings: Any) -> None:
    made = connect(api)
    before = Integration.objects.get(id=made["id"]).sealed_secret
    settings.SECRETS_KEYS = [Fernet.generate_key().decode()]

    assert reseal_secrets() == 1

    assert Integration.objects.get(id=made["id"]).sealed_secret != before
    event_of(made, github())


def test_a_secret_that_was_moved_to_another_row_opens_nothing(api: Api) -> None:
    made, other = connect(api), connect(api, name="other", secret=NEW)
    stolen = Integration.objects.get(id=made["id"]).sealed_secret
    Integration.objects.filter(id=other["id"]).update(sealed_secret=stolen)

    answer = deliver(other, github())

    assert answer.status_code == 503
    assert SECRET not in json.dumps(answer.json())
