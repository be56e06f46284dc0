"""Workflows from files, runs, and people's answers, over the command line."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import CommandLine
from tests.support.remote import HandWorker
from tests.support.stack import Stack, Tenant
from tests.support.waiting import wait_until

FLOW = """\
# One step for a worker.
name: Bill
handle: bill
spec:
  name: bill
  inputs: [{name: amount, type: number}]
  steps:
    - {name: pay, action: pay, parameters: {amount: "${inputs.amount}"}}
"""


@pytest.fixture
def worker(stack: Stack, tenant: Tenant) -> HandWorker:
    """A worker that the test moves by hand."""
    return HandWorker(stack.remote(tenant))


@pytest.fixture
def flow(mobius: CommandLine, home: Path) -> str:
    """The handle of a workflow of one step."""
    (home / "bill.yaml").write_text(FLOW)
    mobius.ok("workflows", "apply", "bill.yaml")
    return "bill"


def start(mobius: CommandLine, flow: str, *more: str) -> dict[str, Any]:
    run: dict[str, Any] = mobius.ok("runs", "start", flow, *more)
    return run


def test_a_file_is_applied_and_only_what_differs_is_changed(
    mobius: CommandLine, home: Path
) -> None:
    file = home / "bill.yaml"
    file.write_text(FLOW)

    dry = mobius.ok("workflows", "apply", "bill.yaml", "--dry-run")["items"]
    assert dry[0]["outcome"] == "created"
    assert "+name: Bill" in dry[0]["diff"]
    assert mobius.ok("workflows", "list")["items"] == []

    def applied(*more: str) -> tuple[str, int, list[str]]:
        item = mobius.ok("workflows", "apply", "bill.yaml", *more)["items"][0]
        return item["outcome"], item["version"], item["changes"]

    assert applied() == ("created", 1, [])
    assert applied() == ("unchanged", 1, [])
    file.write_text(FLOW.replace("name: pay,", "name: pay_it,"))
    dry = mobius.ok("workflows", "apply", "bill.yaml", "--dry-run")["items"]
    assert "-    name: pay" in dry[0]["diff"]
    assert "+    name: pay_it" in dry[0]["diff"]
    assert mobius.ok("workflows", "get", "bill")["latest_version"] == 1
    assert applied() == ("updated", 2, ["spec"])

    text = mobius("workflows", "get", "bill", "--file").out
    file.write_text(text)
    assert applied() == ("unchanged", 2, [])


def test_a_mistake_in_a_file_is_told_with_its_lines(
    mobius: CommandLine, home: Path
) -> None:
    wrong = FLOW + "    - {name: pay, action: pay}\n    - {name: c}\n"
    (home / "wrong.yaml").write_text(wrong)
    (home / "bare.json").write_text('{"name": "x", "steps": [\n{"name": "a"}]}')

    ran = mobius("workflows", "apply", "wrong.yaml")
    bare = mobius("workflows", "apply", "bare.json")

    assert (ran.code, bare.code) == (2, 2)
    assert ran.err.startswith("error: wrong.yaml:2: spec.steps[2]: expected exactly")
    assert "\n  wrong.yaml:9: spec.steps[1].name: same as steps[0].name" in ran.err
    assert "\n  wrong.yaml:10: spec.steps[2]: expected exactly one of" in ran.err
    assert "\n  bare.json:2: spec.steps[0]: expected exactly one of" in bare.err
    assert mobius.ok("workflows", "list")["items"] == []


def test_of_several_files_those_before_a_mistake_are_told(
    mobius: CommandLine, home: Path
) -> None:
    (home / "many.yaml").write_text(f"{FLOW}---\nname: x\nspec: {{steps: 1}}\n")

    ran = mobius("workflows", "apply", "many.yaml")

    assert ran.code == 2
    assert ran.json["items"][0]["outcome"] == "created"
    assert "many.yaml:1" in ran.err.replace("many.yaml:10", "many.yaml:1")


def test_a_run_is_watched_to_its_end_and_its_result_comes_last(
    mobius: CommandLine, flow: str, worker: HandWorker
) -> None:
    def pay() -> None:
        worker.complete(worker.claim(), {"paid": 12})

    hand = threading.Thread(target=pay)
    hand.start()
    ran = mobius(
        *("runs", "start", flow, "--inputs", "-", "--watch"), stdin='{"amount": 12}'
    )
    hand.join()

    assert ran.code == 0, ran.err
    *lines, last = ran.lines
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert [lines[0]["type"], lines[-1]["type"]] == ["run.started", "run.completed"]
    assert last["type"] == "result"
    assert last["data"]["result"] == {"paid": 12}
    shown = mobius("runs", "watch", last["run_id"], "-o", "table")
    assert shown.code == 0
    assert 'completed: {"paid": 12}' in shown.out
    after = mobius("runs", "watch", last["run_id"], "--after", "3").lines
    assert after[0]["seq"] == 4


def test_a_watched_run_that_fails_ends_with_1_and_goes_on_when_told(
    mobius: CommandLine, flow: str, worker: HandWorker
) -> None:
    run = start(mobius, flow, "--input", "amount:=12")
    worker.fail(worker.claim(), "no money", "fatal_error")

    watched = mobius("runs", "watch", run["id"])
    assert watched.code == 1
    assert watched.lines[-1]["data"]["error_message"] == "no money"
    shown = mobius("runs", "get", run["id"], "-o", "table")
    assert "fatal_error: no money" in shown.out

    assert mobius.ok("runs", "retry", run["id"])["status"] == "queued"
    assert mobius("runs", "retry", run["id"]).code == 5
    worker.complete(worker.claim(), {"paid": 12})
    assert mobius("runs", "watch", run["id"]).code == 0


def test_runs_are_found_by_their_filters_and_across_pages(
    mobius: CommandLine, flow: str
) -> None:
    ids = [
        start(mobius, flow, "--input", "amount:=1", "--external-id", f"o-{n}")["id"]
        for n in range(3)
    ]

    def found(*filters: str) -> list[str]:
        return [run["id"] for run in mobius.ok("runs", "list", *filters)["items"]]

    assert sorted(found()) == sorted(ids)
    assert found("--external-id", "o-1") == [ids[1]]
    assert found("--status", "failed,cancelled") == []
    assert sorted(found("--workflow", "bill", "--all")) == sorted(ids)
    page = mobius.ok("runs", "list", "--limit", "2")
    assert (len(page["items"]), page["has_more"]) == (2, True)
    rest = mobius.ok("runs", "list", "--limit", "2", "--cursor", page["next_cursor"])
    assert len(rest["items"]) == 1
    assert "o-1" in mobius("runs", "list", "-o", "table").out
    assert mobius("runs", "list", "--status", "bogus").code == 2


def test_one_idempotency_key_starts_one_run(mobius: CommandLine, flow: str) -> None:
    once = ("--input", "amount:=1", "--idempotency-key", "k")

    assert start(mobius, flow, *once)["id"] == start(mobius, flow, *once)["id"]


def test_inputs_are_refused_by_name(mobius: CommandLine, flow: str) -> None:
    ran = mobius("runs", "start", flow, "--input", "amount=12")

    assert ran.code == 2
    assert "\n  inputs.amount: " in ran.err
    assert mobius("runs", "start", "nowhere").code == 4


def test_a_run_waits_for_a_signal_and_says_so(mobius: CommandLine, home: Path) -> None:
    steps = [{"name": "w", "wait_signal": {"topic": "paid", "timeout": "1h"}}]
    (home / "wait.json").write_text(json.dumps({"name": "wait", "steps": steps}))
    run = mobius.ok("runs", "start", "--spec", "wait.json", "--metadata", "team=a")
    assert run["metadata"] == {"team": "a"}

    sent = mobius.ok("runs", "signal", run["id"], "paid", "--field", "amount:=12")

    assert sent["name"] == "paid"
    assert mobius("runs", "watch", run["id"]).code == 0
    why = mobius("runs", "diagnose", run["id"])
    assert why.json["status"] == "completed"


def test_a_cancelled_run_says_why_it_ended(mobius: CommandLine, flow: str) -> None:
    run = start(mobius, flow, "--input", "amount:=1")

    diagnosis = mobius.ok("runs", "diagnose", run["id"])
    cancelled = mobius.ok("runs", "cancel", run["id"], "--reason", "wrong file")

    assert diagnosis["reasons"][0]["code"] == "no_worker"
    assert cancelled["status"] == "cancelled"
    assert mobius("runs", "watch", run["id"]).code == 1
    assert mobius("runs", "get", "run_nowhere").code == 4


def test_a_person_is_asked_and_answers(
    mobius: CommandLine, tenant: Tenant, home: Path
) -> None:
    ask = {
        "type": "approval",
        "message": "Release [4.2]?",
        "timeout": "1h",
        "target": {"type": "user", "id": tenant.reviewer_id},
        "spec": {"mode": "confirm"},
    }
    spec = {"name": "release", "steps": [{"name": "ok", "interaction": ask}]}
    (home / "release.json").write_text(json.dumps({"spec": spec, "name": "r"}))
    run = mobius.ok("runs", "start", "--spec", "release.json")["id"]

    def asked() -> list[dict[str, Any]]:
        page = mobius.ok("interactions", "list", "--run", run)
        return list(page["items"])

    wait_until(asked, every=0.1)
    question = asked()[0]["id"]

    assert "Release [4.2]?" in mobius("interactions", "list", "-o", "table").out
    assert mobius.ok("interactions", "get", question)["status"] == "pending"
    assert mobius.ok("interactions", "list", "--mine")["items"] == []
    answer = ("interactions", "respond", question, "--for", tenant.reviewer_id)
    assert mobius(*answer, "--value", "maybe").code == 2
    answered = mobius.ok(*answer, "--value", "true", "--comment", "go")
    assert answered["response"] == answered["response"] | {
        "value": True,
        "comment": "go",
    }
    again = mobius(*answer, "--value", "true")
    assert again.code == 5
    assert "\n  status: completed" in again.err
    assert mobius("runs", "watch", run).code == 0
