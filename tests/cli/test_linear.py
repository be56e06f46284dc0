"""Automations and loops; a stream of events that is cut goes on where it was."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from mobius.sdk import Client
from mobius.sdk.client import Client as PlainClient
from tests.cli.conftest import CommandLine
from tests.support.remote import HandWorker
from tests.support.stack import Stack, Tenant
from tests.support.stalling_proxy import stalling_proxy

STEP = {"id": "fetch", "kind": "action", "config": {"action_name": "doc.fetch"}}


@pytest.fixture
def client(stack: Stack, tenant: Tenant) -> Iterator[Client]:
    """A client in the project, for what the command line does not do."""
    with PlainClient(stack.base_url, tenant.api_key, tenant.project) as client:
        yield client


@pytest.fixture
def automation(client: Client) -> str:
    """The handle of a published automation of one step."""
    client.automations.create("Nightly report", "nightly")
    version = client.automations.add_version("nightly", {"steps": [STEP]})
    client.automations.publish("nightly", version["version"])
    return "nightly"


def test_a_stream_that_is_cut_goes_on_from_the_last_line(
    stack: Stack,
    tenant: Tenant,
    automation: str,
    mobius: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worker = HandWorker(stack.remote(tenant))
    run = mobius.ok("automations", "start", automation, "--input", "day=friday")["id"]
    job = worker.claim()

    with stalling_proxy(stack.base_url) as proxy:

        def cut_and_finish() -> None:
            for number in range(3):
                worker.emit(job, {"type": "progress", "payload": {"n": number}})
                proxy.cut()
            worker.complete(job, {"pages": 3})

        hand = threading.Thread(target=cut_and_finish)
        with monkeypatch.context() as patch:
            patch.setenv("MOBIUS_BASE_URL", proxy.url)
            stream = "stream-automation-run-events"
            hand.start()
            ran = mobius("automations", stream, run)
        hand.join()

    seqs = [line["seq"] for line in ran.lines]
    assert ran.code == 0, ran.err
    assert seqs == list(range(1, len(seqs) + 1))
    assert ran.lines[-1]["type"] == "run.completed"
    numbers = [one["data"]["n"] for one in ran.lines if one["type"] == "progress"]
    assert numbers == [0, 1, 2]
    rest = mobius("automations", stream, run, "--after", str(seqs[-2]))
    assert [line["seq"] for line in rest.lines] == seqs[-1:]


def test_automations_are_listed_and_shown(mobius: CommandLine, automation: str) -> None:
    assert mobius.ok("automations", "list")["items"][0]["handle"] == automation
    assert mobius.ok("automations", "get", automation)["published_version"] == 1
    assert automation in mobius("automations", "list", "-o", "table").out
    assert mobius.ok("automations", "list", "--status", "paused")["items"] == []
    assert mobius("automations", "start", "nowhere").code == 4


def test_a_loop_is_started_with_what_it_is_told(
    mobius: CommandLine, client: Client, stack: Stack, tenant: Tenant
) -> None:
    loop = client.loops.create("Tidy", steps=[STEP])["id"]
    worker = HandWorker(stack.remote(tenant))

    run: dict[str, Any] = mobius.ok(
        *("loops", "start", loop, "--event", "repo=shop", "--config", "depth:=2")
    )
    worker.complete(worker.claim(), {"done": True})

    assert run["event"] == {"repo": "shop"}
    assert run["config"] == {"depth": 2}
    watched = mobius("runs", "watch", run["id"], "-o", "table")
    assert watched.code == 0
    assert "run.completed" in watched.out
    assert mobius.ok("loops", "list")["items"][0]["id"] == loop
    assert mobius.ok("loops", "get", loop)["name"] == "Tidy"
    assert mobius.ok("runs", "list", "--loop", loop, "--kind", "loop")["items"]
