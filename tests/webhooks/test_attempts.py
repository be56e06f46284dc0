"""How often a webhook is asked, and what people see of it."""

from datetime import timedelta

import pytest

from apps.deliveries.sending import send_due
from apps.deliveries.services.take import take_due
from apps.identity.models import Project
from tests.deliveries.receiver import Receiver
from tests.support.api import Api
from tests.support.frozen import FrozenClock
from tests.webhooks.scenes import Body, happen, hook, patch, records, sent_to

#: What the clients know of a delivery; they refuse anything else.
CLOSED = {
    *("id", "webhook_id", "run_id", "event_type", "status", "attempts", "last_error"),
    *("created_at", "delivered_at"),
}


def run_out(webhook: Body, frozen: FrozenClock) -> None:
    """Send until nothing is pending, moving the clock to each attempt."""
    while pending := [one for one in sent_to(webhook) if one.status == "pending"]:
        frozen.at = max(frozen.at, min(one.next_attempt_at for one in pending))
        send_due()


def test_a_broken_receiver_is_asked_ten_times_in_about_a_day(
    api: Api, project: Project, receiver: Receiver, frozen: FrozenClock
) -> None:
    made = hook(api, receiver.url)
    receiver.status, receiver.answer = 503, b"out of order"
    happen(project.id)
    began = frozen.at
    run_out(made, frozen)

    assert len(receiver.received) == 10
    assert len({one.headers["webhook-id"] for one in receiver.received}) == 1
    assert timedelta(hours=22) < frozen.at - began < timedelta(hours=26)
    (record,) = records(api, made)
    assert set(record) <= CLOSED
    assert (record["status"], record["attempts"]) == ("failed", 10)
    assert record["last_error"] == "the receiver answered 503: out of order"


@pytest.mark.parametrize(
    ("status", "attempts", "ends"),
    [
        (200, 1, "delivered"),
        (204, 1, "delivered"),
        (301, 1, "failed"),
        (400, 1, "failed"),
        (404, 1, "failed"),
        (410, 1, "failed"),
        (408, 10, "failed"),
        (429, 10, "failed"),
        (500, 10, "failed"),
        (502, 10, "failed"),
    ],
)
def test_the_answer_decides(
    api: Api,
    project: Project,
    receiver: Receiver,
    frozen: FrozenClock,
    status: int,
    attempts: int,
    ends: str,
) -> None:
    made = hook(api, receiver.url)
    receiver.status, receiver.answer = status, b""
    happen(project.id)
    run_out(made, frozen)

    (record,) = records(api, made)
    assert (record["status"], record["attempts"]) == (ends, attempts)
    assert ("delivered_at" in record) == (ends == "delivered")


def test_a_busy_receiver_is_asked_when_it_says(
    api: Api, project: Project, receiver: Receiver, frozen: FrozenClock
) -> None:
    hook(api, receiver.url)
    receiver.status, receiver.headers = 429, {"Retry-After": "600"}
    happen(project.id)
    send_due()
    frozen.tick(seconds=599)
    assert send_due() == 0
    frozen.tick(seconds=70)
    receiver.status = 200

    assert send_due() == 1
    assert len(receiver.received) == 2


def test_a_delivery_is_shown_while_it_waits_is_sent_and_is_over(
    api: Api, project: Project, receiver: Receiver, frozen: FrozenClock
) -> None:
    made = hook(api, receiver.url)
    receiver.script, receiver.answer = [500], b"done"
    happen(project.id)
    assert records(api, made)[0]["status"] == "pending"
    (taken,) = take_due(now=frozen.at)
    assert records(api, made)[0]["status"] == "processing"
    frozen.tick(minutes=3)
    send_due()
    frozen.tick(minutes=3)
    send_due()

    shown = api.get(f"webhooks/{made['id']}/deliveries/{taken.id}").json()
    assert (shown["status"], shown["attempts"]) == ("delivered", 3)
    assert (shown["response_status"], shown["response_excerpt"]) == (200, "done")
    assert shown["payload"]["type"] == "custom.paid"
    assert [one["status"] for one in shown["tries"]] == [500, 200]
    assert "next_attempt_at" not in shown


def test_what_failed_is_sent_again_under_its_old_id_and_to_the_address_of_today(
    api: Api, project: Project, receiver: Receiver, frozen: FrozenClock
) -> None:
    made = hook(api, receiver.url)
    receiver.status = 404
    happen(project.id)
    send_due()
    patch(api, made, url=f"{receiver.url}/moved")
    receiver.status = 200
    (record,) = records(api, made)
    path = f"webhooks/{made['id']}/deliveries/{record['id']}/redeliver"

    assert api.post(path).status_code == 202
    send_due()

    assert [one.path for one in receiver.received] == ["/hook", "/hook/moved"]
    assert len({one.headers["webhook-id"] for one in receiver.received}) == 1
    (record,) = records(api, made)
    assert (record["status"], record["attempts"]) == ("delivered", 2)


def test_a_delivery_is_not_sent_again_at_the_wrong_moment(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    made = hook(api)
    happen(project.id)
    (taken,) = take_due(now=frozen.at)
    path = f"webhooks/{made['id']}/deliveries/{taken.id}/redeliver"

    busy = api.post(path)
    patch(api, made, enabled=False)
    disabled = api.post(path)

    assert busy.status_code == disabled.status_code == 409
    assert "being sent" in busy.json()["message"]
    assert "disabled" in disabled.json()["message"]


def test_what_waits_follows_the_webhook_to_a_new_address(
    api: Api, project: Project, receiver: Receiver
) -> None:
    made = hook(api)
    happen(project.id)
    patch(api, made, url=receiver.url)

    assert send_due() == 1
    assert len(receiver.received) == 1


@pytest.mark.parametrize("change", [{"enabled": False}, {"url": ""}])
def test_what_waits_is_given_up_when_nobody_is_to_be_told(
    api: Api, project: Project, change: Body
) -> None:
    made = hook(api)
    happen(project.id)
    patch(api, made, **change)

    assert send_due() == 0
    (record,) = records(api, made)
    assert (record["status"], record["attempts"]) == ("failed", 0)
    assert record["last_error"].startswith("the webhook ")
