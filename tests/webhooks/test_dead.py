"""Webhooks that have taken nothing for days are disabled, and somebody is told."""

import logging
from datetime import timedelta

import pytest

from apps.deliveries.models import Trouble
from apps.deliveries.sending import send_due
from apps.identity.models import Project
from apps.secrets.models import SecretVersion
from apps.webhooks.models import Webhook
from apps.webhooks.services.disable_dead import (
    DEAD_AFTER,
    DEAD_FAILED,
    DISABLED_EVENT,
    disable_dead,
)
from apps.webhooks.tasks import look_after
from tests.deliveries.receiver import Receiver
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.frozen import FrozenClock
from tests.webhooks.scenes import Body, happen, hook, patch, sent_to


def fail(project: Project, times: int) -> None:
    for _ in range(times):
        happen(project.id)
        send_due()


@pytest.fixture
def dead(api: Api, project: Project, receiver: Receiver, frozen: FrozenClock) -> Body:
    """A webhook with just as many failed messages as it takes, long enough ago."""
    made = hook(api, receiver.url, events=["custom.paid"])
    receiver.status = 404
    fail(project, DEAD_FAILED)
    frozen.at += DEAD_AFTER
    return made


def test_a_dead_webhook_is_disabled_with_notice(
    api: Api,
    project: Project,
    dead: Body,
    frozen: FrozenClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    watch = hook(api, "https://example.com/watch", name="w", events=["custom.mobius.*"])
    happen(project.id)
    with caplog.at_level(logging.WARNING):
        assert look_after.run() == 1
    dispatch_all()

    assert api.get(f"webhooks/{dead['id']}").json()["enabled"] is False
    assert dead["id"] in caplog.text
    (notice,) = sent_to(watch)
    assert notice.payload["type"] == DISABLED_EVENT
    assert notice.payload["data"]["webhook_id"] == dead["id"]
    assert f"{DEAD_FAILED} messages" in notice.payload["data"]["reason"]
    listed = api.get(f"source-events?event_type={DISABLED_EVENT}").json()["items"]
    assert [one["source_id"] for one in listed] == [dead["id"]]
    assert sent_to(dead)[-1].last_error == "the webhook was disabled"
    happen(project.id)
    assert len(sent_to(dead)) == DEAD_FAILED + 1
    assert look_after.run() == 0


def test_it_lives_while_anything_is_delivered(
    project: Project, dead: Body, receiver: Receiver, frozen: FrozenClock
) -> None:
    receiver.status = 200
    happen(project.id)
    send_due()

    assert not Trouble.objects.exists()
    receiver.status = 404
    fail(project, DEAD_FAILED)
    assert disable_dead(now=frozen.at) == 0


def test_it_lives_until_its_days_are_over(dead: Body, frozen: FrozenClock) -> None:
    assert disable_dead(now=frozen.at - timedelta(seconds=1)) == 0
    assert disable_dead(now=frozen.at) == 1


def test_it_lives_when_too_little_was_given_up(
    api: Api, project: Project, receiver: Receiver, frozen: FrozenClock
) -> None:
    hook(api, receiver.url)
    receiver.status = 404
    fail(project, DEAD_FAILED - 1)
    frozen.at += DEAD_AFTER * 2

    assert disable_dead(now=frozen.at) == 0


def test_who_enables_it_again_begins_anew(
    api: Api, project: Project, dead: Body, receiver: Receiver, frozen: FrozenClock
) -> None:
    disable_dead(now=frozen.at)
    assert Webhook.objects.get().disabled_reason
    patch(api, dead, enabled=True)

    assert Webhook.objects.get().disabled_reason == ""
    fail(project, 1)
    assert disable_dead(now=frozen.at) == 0
    assert Webhook.objects.get().enabled


def test_keys_that_have_retired_are_erased(api: Api, frozen: FrozenClock) -> None:
    made = hook(api)
    api.post(f"webhooks/{made['id']}/secret/rotate", {"overlap_seconds": 60})
    frozen.tick(seconds=59)
    assert look_after.run() == 0
    frozen.tick(seconds=1)
    assert look_after.run() == 1

    old, new = SecretVersion.objects.order_by("version")
    assert (old.state, old.sealed) == ("DESTROYED", "")
    assert (new.state, bool(new.sealed)) == ("ENABLED", True)
