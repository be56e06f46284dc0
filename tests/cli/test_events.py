"""Events and webhooks over the command line."""

import base64
import json
import threading
from pathlib import Path

import pytest

from apps.deliveries.signing import signature_headers
from apps.kernel import clock
from apps.secrets.selectors import ResolvedSecret
from mobius.cli.receiving import Receiver
from mobius.sdk import Client
from tests.cli.conftest import CommandLine
from tests.support.waiting import wait_until

KEY = base64.b64encode(bytes(range(32))).decode()
BODY = b'{"type":"run.completed","data":{"run_id":"run_1"}}'


def test_events_are_published_once_listed_and_followed(mobius: CommandLine) -> None:
    paid = ("events", "publish", "custom.order.paid", "--field", "amount:=12")
    once = mobius.ok(*paid, "--dedup-key", "o-17", "--source-id", "o-17")
    again = mobius.ok(*paid, "--dedup-key", "o-17", "--source-id", "o-17")
    mobius.ok("events", "publish", "custom.other", "--event", "-", stdin='{"a": 1}')

    assert again == {**once, "deduped": True}
    listed = mobius.ok("events", "list", "--type", "custom.order.*")["items"]
    assert [one["event"] for one in listed] == [{"amount": 12}]
    tail = mobius("events", "tail", "--since", "5m", "--count", "2")
    assert [one["event_type"] for one in tail.lines] == [
        *("custom.order.paid", "custom.other"),
    ]
    shown = mobius("events", "tail", "--since", "1h", "--count", "1", "-o", "table")
    assert 'custom.order.paid            o-17 {"amount": 12}' in shown.out
    assert mobius("events", "tail", "--since", "yesterday").code == 2
    refused = mobius("events", "publish", "order.paid")
    assert refused.code == 2
    assert "\n  event_type: must begin with custom." in refused.err


def test_a_tail_begins_with_what_comes_after_it(
    mobius: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    mobius.ok("events", "publish", "custom.before")
    monkeypatch.setattr(
        "mobius.cli.commands.events.time.sleep",
        lambda _: mobius.ok("events", "publish", "custom.after"),
    )

    tail = mobius("events", "tail", "--count", "2")

    assert [one["event_type"] for one in tail.lines] == ["custom.after"] * 2


def test_deliveries_come_here_are_checked_and_the_webhook_is_gone_after(
    mobius: CommandLine,
) -> None:
    with Client() as publisher:

        def publish() -> None:
            wait_until(lambda: list(publisher.webhooks.list()), every=0.1)
            publisher.events.publish("custom.order.paid", {"amount": 12})

        hand = threading.Thread(target=publish)
        hand.start()
        ran = mobius(
            *("webhooks", "listen", "--create", "--event", "custom.*", "--count", "1")
        )
        hand.join()

    assert ran.code == 0, ran.err
    (delivery,) = ran.lines
    assert delivery["verified"] is True
    assert delivery["type"] == "custom.order.paid"
    assert delivery["data"]["amount"] == 12
    assert mobius.ok("webhooks", "list")["items"] == []


def test_webhooks_are_created_pinged_and_looked_into(mobius: CommandLine) -> None:
    receiver = Receiver(0)
    receiver.key = KEY
    with receiver.running():
        hook = mobius.ok("webhooks", "create", "here", receiver.url, "--event", "run.*")
        refused = mobius("webhooks", "ping", hook["id"])
        receiver.key = hook["signing_secret"]
        taken = mobius("webhooks", "ping", hook["id"])

    assert (refused.code, taken.code) == (1, 0)
    assert taken.json["success"] is True
    assert [one["verified"] for one in list(receiver.received.queue)] == [False, True]
    assert hook["signing_secret"] not in str(mobius.ok("webhooks", "list"))
    deliveries = mobius.ok("webhooks", "deliveries", hook["id"])["items"]
    again = mobius("webhooks", "redeliver", hook["id"], "dlv_nowhere")
    assert isinstance(deliveries, list)
    assert again.code == 4


@pytest.fixture
def received(home: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A delivery as it was received: body.json, and headers.txt."""
    secret = ResolvedSecret(name="x", version=1, values={"signing_key_b64": KEY})
    headers = signature_headers(
        "dlv_1", BODY, [secret], secret_ref="x", turn=0, at=clock.now()
    )
    (home / "body.json").write_bytes(BODY)
    lines = [f"{name}: {value}\n" for name, value in headers.items()]
    (home / "headers.txt").write_text("".join(lines))
    monkeypatch.setenv("MOBIUS_WEBHOOK_SECRET", KEY)
    return ["webhooks", "verify", "body.json", "--headers", "headers.txt"]


def test_a_delivery_is_genuine_or_not(
    received: list[str], offline: CommandLine, home: Path
) -> None:
    assert offline.ok(*received) == {
        "genuine": True,
        "type": "run.completed",
        "id": "dlv_1",
        "data": {"run_id": "run_1"},
    }
    assert offline(*received, "--secret-stdin", stdin=f"{KEY}\n").code == 0
    assert offline(*received, "--tolerance", "-10").code == 1

    (home / "body.json").write_bytes(BODY.replace(b"run_1", b"run_2"))
    ran = offline(*received)
    assert ran.code == 1
    assert ran.err.startswith("error: not genuine: ")
    assert "(bad_signature)" in ran.err
    assert json.loads(BODY)["data"]["run_id"] not in ran.out


def test_what_is_needed_to_verify_is_named(
    received: list[str], offline: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert offline(*received, "-H", "no colon").code == 2
    assert offline("webhooks", "verify", "nowhere.json").code == 2
    assert offline("webhooks", "verify", "-", "--secret-stdin").code == 2
    monkeypatch.delenv("MOBIUS_WEBHOOK_SECRET")
    assert "MOBIUS_WEBHOOK_SECRET" in offline(*received).err
