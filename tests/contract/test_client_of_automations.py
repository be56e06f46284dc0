"""The published client 0.0.23, unmodified: automations, their versions and runs.

Its models refuse every field they do not know, so whatever it returns here was shown
exactly in its words.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.published import PublishedClient, Refused, options
from tests.support.remote import HandWorker, Remote

VERSION = "0.0.23"
OpenClient = Callable[[str], PublishedClient]
STEP = {
    "key": "parse",
    "name": "Parse it",
    "kind": "action",
    "config": {"action_name": "doc.parse", "parameters": {"url": "{{ inputs.url }}"}},
    "retry": {"max_attempts": 2, "delay": "0s"},
    "timeout": {"duration": "5m", "on_timeout": "fail"},
    "save_as": "parsed",
}
SPEC = {
    "schema_version": "1",
    "name": "nightly",
    "description": "Every night.",
    "inputs": {"url": {"type": "string", "required": True}},
    "concurrency": "allow",
    "triggers": [
        {
            "key": "paid",
            "name": "On payment",
            "kind": "event",
            "config": {"event_type": "custom.payment.*", "condition": "event.n > 1"},
            "max_concurrent_runs": 3,
        },
        {"key": "hourly", "kind": "schedule", "config": {"cron": "@hourly"}},
        {"key": "call", "kind": "http", "config": {}},
    ],
    "steps": [STEP],
    "defaults": {"wall_clock_timeout": "1h"},
}
WAIT = {
    "key": "paid",
    "kind": "wait_for_event",
    "config": {"event_type": "custom.paid", "match": {"order": 7}},
}


@pytest.fixture
def client(open_client: OpenClient) -> PublishedClient:
    return open_client(VERSION)


@pytest.fixture
def other(open_client: OpenClient) -> PublishedClient:
    """Another process of it, while the first one waits."""
    return open_client(VERSION)


@pytest.fixture
def publish(client: PublishedClient) -> Any:
    """Create an automation of these steps and publish it."""

    def make(*steps: dict[str, Any], handle: str = "nightly") -> dict[str, Any]:
        made = client.call(
            "create_automation",
            options("AutomationOptions", handle=handle, name=f"The {handle}"),
        )
        client.call(
            "create_automation_version",
            handle,
            {"schema_version": "1", "steps": list(steps)},
            options("AutomationVersionOptions", publish=True),
        )
        return dict(made)

    return make


def test_the_client_is_the_published_one(client: PublishedClient) -> None:
    assert client.version == VERSION
    assert f"client-{VERSION}" in client.file


def test_an_automation_from_draft_to_archive(client: PublishedClient) -> None:
    made = client.call(
        "create_automation",
        options(
            "AutomationOptions",
            handle="nightly",
            name="Nightly",
            description="Every night.",
            default_inputs={"url": "https://example.com"},
            settings={"colour": "blue"},
            tags={"team": "docs"},
        ),
    )
    assert (made["status"], made["latest_version"]) == ("draft", 0)

    draft = client.call("create_automation_version", "nightly", SPEC)
    assert (draft["version"], draft["status"]) == (1, "draft")
    published = client.call("publish_automation_version", "nightly", 1)
    assert (published["status"], published["published_version"]) == ("active", 1)
    kinds = [trigger["kind"] for trigger in published["triggers"]]
    assert sorted(kinds) == ["event", "http", "schedule"]

    client.call(
        "create_automation_version",
        "nightly",
        {**SPEC, "triggers": []},
        options("AutomationVersionOptions", publish=True),
    )
    versions = client.call("list_automation_versions", "nightly")["items"]
    assert [(each["version"], each["status"]) for each in versions] == [
        (2, "published"),
        (1, "superseded"),
    ]
    assert versions[1]["spec"]["steps"][0]["config"] == STEP["config"]

    changes = options("UpdateAutomationOptions", description="Now and then.")
    changed = client.call("update_automation", "nightly", changes)
    assert changed["description"] == "Now and then."
    paused = options("UpdateAutomationOptions", status="paused")
    assert client.call("update_automation", "nightly", paused)["status"] == "paused"
    assert client.call("get_automation", "nightly")["triggers"] == []
    (listed,) = client.call("list_automations")["items"]
    assert listed["id"] == made["id"]

    client.call("delete_automation", "nightly")
    assert client.call("list_automations")["items"] == []
    assert client.call("get_automation", "nightly")["status"] == "archived"


def test_a_handle_that_is_taken_is_409(client: PublishedClient) -> None:
    taken = options("AutomationOptions", handle="nightly", name="Nightly")
    client.call("create_automation", taken)

    with pytest.raises(Refused) as refused:
        client.call("create_automation", taken)

    assert refused.value.status == 409


def test_a_run_is_started_watched_and_waited_for(
    client: PublishedClient, publish: Any, worker: HandWorker
) -> None:
    automation = publish(STEP)
    started = client.call(
        "start_run",
        "nightly",
        options(
            "StartRunOptions",
            inputs={"url": "https://example.com/doc.pdf"},
            source={"type": "manual", "label": "Ada"},
            external_id="doc-1",
        ),
    )
    assert (started["status"], started["automation_id"]) == ("queued", automation["id"])
    assert started["source"] == {"type": "manual", "label": "Ada"}

    client.begin("wait_run", started["id"], options("WaitRunOptions", timeout=30))
    job = worker.claim()
    assert job["parameters"] == {"url": "https://example.com/doc.pdf"}
    worker.complete(job, {"pages": 3})
    done = client.answer()

    assert (done["status"], done["result"]) == ("completed", {"parse": {"pages": 3}})
    assert client.call("wait_run", started["id"]) == done
    events = client.call("watch_run", started["id"])
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["event_type"] == "run.completed"
    assert events[-1]["payload"]["status"] == "completed"
    assert client.call("watch_run", started["id"], 3) == events[3:]


def test_a_step_starts_a_run_of_another_automation(
    client: PublishedClient, publish: Any, worker: HandWorker, remote: Remote
) -> None:
    publish(STEP, handle="child")
    config = {
        "automation_handle": "child",
        "inputs": {"url": "{{ inputs.base }}/doc.pdf"},
        "condition": "inputs.base != ''",
    }
    parent = publish({"key": "call", "kind": "automation", "config": config})
    inputs = options("StartRunOptions", inputs={"base": "https://example.com"})
    run = client.call("start_run", "nightly", inputs)

    done = client.call("wait_run", run["id"])

    child = client.call("get_run", done["result"]["call"]["run_id"])
    assert child["parent_run_id"] == run["id"]
    assert child["parent_automation_id"] == parent["id"]
    assert child["parent_step_key"] == "call"
    assert worker.claim()["parameters"] == {"url": "https://example.com/doc.pdf"}


def test_a_failed_run_is_waited_for(
    client: PublishedClient, publish: Any, worker: HandWorker
) -> None:
    publish({**STEP, "retry": {"max_attempts": 1}})
    run = client.call("start_run", "nightly", options("StartRunOptions"))
    client.begin("wait_run", run["id"])

    worker.fail(worker.claim(), "no such file", "NotThere")

    done = client.answer()
    assert (done["status"], done["error_type"]) == ("failed", "NotThere")


def test_a_run_is_signalled_and_goes_on(
    client: PublishedClient, other: PublishedClient, publish: Any, remote: Remote
) -> None:
    publish(WAIT)
    run = client.call("start_run", "nightly")
    client.begin("wait_run", run["id"])
    remote.wait_for(run["id"], "suspended")
    signalled = other.call("signal_run", run["id"], "paid", {"by": "hand"})
    assert signalled["status"] in ("queued", "running", "completed")
    done = client.answer()
    assert (done["status"], done["result"]) == (
        "completed",
        {"paid": {"by": "hand"}},
    )
    with pytest.raises(Refused) as refused:
        other.call("signal_run", run["id"], "paid", {})
    assert refused.value.status == 400


def test_a_run_is_cancelled_and_its_waiter_hears_of_it(
    client: PublishedClient, other: PublishedClient, publish: Any, remote: Remote
) -> None:
    publish(WAIT)
    run = client.call("start_run", "nightly")
    client.begin("wait_run", run["id"])
    remote.wait_for(run["id"], "suspended")
    cancelled = other.call("cancel_run", run["id"], "not needed")
    assert cancelled["status"] == "cancelled"
    assert client.answer()["status"] == "cancelled"
    assert other.call("cancel_run", run["id"])["status"] == "cancelled"


def test_runs_are_listed_by_status_and_automation(
    client: PublishedClient, publish: Any
) -> None:
    ids = {}
    for handle in ("one", "two"):
        automation = publish(WAIT, handle=handle)
        ids[automation["id"]] = client.call("start_run", handle)["id"]

    for automation_id, run_id in ids.items():
        chosen = options("ListRunsOptions", automation_id=automation_id, limit=5)
        (found,) = client.call("list_runs", chosen)["items"]
        assert (found["id"], found["automation_id"]) == (run_id, automation_id)
    page = client.call("list_runs", options("ListRunsOptions", limit=1))
    assert (len(page["items"]), page["has_more"]) == (1, True)
    cursor = options("ListRunsOptions", limit=1, cursor=page["next_cursor"])
    (last,) = client.call("list_runs", cursor)["items"]
    assert {last["id"], page["items"][0]["id"]} == set(ids.values())
    gone = options("ListRunsOptions", status="failed")
    assert client.call("list_runs", gone)["items"] == []
