"""The published clients 0.0.28 and 0.0.61, unmodified: loops and their runs.

Their models refuse every field they do not know. What both can do runs with both; the
newer one calls an automation a loop.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.published import PublishedClient, Refused, options
from tests.support.remote import HandWorker, Remote
from tests.support.stack import Tenant
from tests.support.waiting import wait_until

OLDER, NEWER = "0.0.28", "0.0.61"
OpenClient = Callable[[str], PublishedClient]
STEP = {
    "id": "parse",
    "name": "Parse it",
    "kind": "action",
    "config": {
        "action_name": "doc.parse",
        "execution_location": "worker",
        "parameters": {"url": "${{ event.url }}"},
    },
    "retry": {"max_attempts": 2, "delay": "0s"},
    "timeout": {"duration": "5m", "on_timeout": "fail"},
}
WAIT = {
    "id": "paid",
    "kind": "wait_for_event",
    "config": {"event_type": "custom.paid", "match": {"order": 7}},
}
SPEC = {
    "event": {"url": {"type": "string", "required": True}},
    "config": {"limit": {"type": "integer", "default": 5}},
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
        {"key": "hand", "kind": "manual"},
    ],
    "steps": [STEP],
    "output": {"pages": "${{ steps.parse.output.pages }}"},
    "limits": {"credit_budget": 100, "wall_clock_timeout": "1h"},
}


@pytest.fixture(params=[OLDER, NEWER])
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def client(open_client: OpenClient, version: str) -> PublishedClient:
    return open_client(version)


@pytest.fixture
def other(open_client: OpenClient, version: str) -> PublishedClient:
    """Another process of it, while the first one waits."""
    return open_client(version)


def word(client: PublishedClient, verb: str) -> str:
    """What the client calls a verb of loops."""
    noun = "automation" if client.version == OLDER else "loop"
    return f"{verb}_{noun}{'s' if verb == 'list' else ''}"


def fields(client: PublishedClient, kind: str, /, **given: Any) -> dict[str, Any]:
    """Its options for creating, updating or listing loops."""
    noun = "Automation" if client.version == OLDER else "Loop"
    return options(kind.replace("Loop", noun), **given)


def create(client: PublishedClient, *steps: dict[str, Any]) -> dict[str, Any]:
    made = fields(client, "LoopOptions", name="Nightly", spec={"steps": list(steps)})
    return dict(client.call(word(client, "create"), made))


def test_the_client_is_the_published_one(client: PublishedClient, version: str) -> None:
    assert client.version == version
    assert f"client-{version}" in client.file


def test_a_loop_from_draft_to_deleted(client: PublishedClient) -> None:
    plain = fields(
        client,
        "LoopOptions",
        name="Nightly",
        description="Every night.",
        default_config={"limit": 9},
        settings={"colour": "blue"},
        tags={"team": "docs"},
    )
    made = client.call(word(client, "create"), plain)
    assert (made["status"], made.get("steps")) == ("draft", None)

    authored = fields(client, "UpdateLoopOptions", spec=SPEC)
    changed = client.call(word(client, "update"), made["id"], authored)
    assert (changed["status"], changed["concurrency"]) == ("active", "allow")
    assert changed["steps"][0]["config"] == STEP["config"]
    assert [each["key"] for each in changed["triggers"]] == [
        *("paid", "hourly", "call", "hand"),
    ]
    assert changed["output"] == SPEC["output"]
    assert client.call("get_loop", made["id"]) == changed
    (listed,) = client.call(word(client, "list"))["items"]
    assert listed == changed

    paused = fields(client, "UpdateLoopOptions", status="paused")
    shown = client.call(word(client, "update"), made["id"], paused)
    assert shown["status"] == "paused"
    client.call(word(client, "delete"), made["id"])
    assert client.call(word(client, "list"))["items"] == []


def test_a_run_is_started_and_watched_to_its_end(
    client: PublishedClient, worker: HandWorker
) -> None:
    loop = create(client, STEP)
    start = options(
        "StartRunOptions",
        event={"url": "https://example.com/doc.pdf"},
        meta={"tenant": "acme"},
        config={"limit": 3},
        source={"type": "manual", "label": "Ada"},
        external_id="doc-1",
    )
    run = client.call("start_run", loop["id"], start)
    assert (run["status"], run["loop_id"]) == ("queued", loop["id"])
    assert client.call("start_run", loop["id"], start)["id"] == run["id"]
    assert run["meta"] == {"tenant": "acme"}

    client.begin("watch_run", run["id"])
    job = worker.claim()
    assert job["parameters"] == {"url": "https://example.com/doc.pdf"}
    worker.complete(job, {"pages": 3})
    events = client.answer()

    assert [event["event_type"] for event in events] == [
        *("run.started", "step.started", "action.called", "action.completed"),
        *("step.completed", "usage.recorded", "run.completed"),
    ]
    assert [event["sequence"] for event in events] == list(range(1, 8))
    assert client.call("watch_run", run["id"], 3) == events[3:]
    done = client.call("get_run", run["id"])
    assert (done["status"], done["stop_reason"]) == ("completed", "completed")
    assert done["result"] == {"parse": {"pages": 3}}
    assert client.call("wait_run", run["id"]) == done


def test_the_newer_one_has_conditions(
    open_client: OpenClient, worker: HandWorker, remote: Remote
) -> None:
    client = open_client(NEWER)
    loop = create(client, {**STEP, "if": "event.url != ''"})
    run = client.call(
        "start_run", loop["id"], options("StartRunOptions", event={"url": ""})
    )

    remote.wait_for(run["id"])

    seen = [event["event_type"] for event in client.call("watch_run", run["id"])]
    assert seen == ["run.started", "step.skipped", "run.completed"]


def test_every_kind_of_line_reaches_its_models(
    client: PublishedClient, remote: Remote, worker: HandWorker
) -> None:
    config = {"loop_id": "nobody", "condition": "event.url == 'never'"}
    skipped = {"id": "never", "kind": "loop", "config": config}
    asleep = {"id": "rest", "kind": "sleep", "config": {"duration": "1s"}}
    loop = create(client, STEP, skipped, asleep, WAIT)
    start = options("StartRunOptions", event={"url": "x"}, config={})
    run = client.call("start_run", loop["id"], start)
    client.begin("watch_run", run["id"])
    worker.fail(worker.claim())
    worker.complete(worker.claim(), {"pages": 3})

    def waits() -> bool:
        steps = remote.get(f"runs/{run['id']}/steps").body["items"]
        return bool(steps[-1]["status"] == "suspended")

    wait_until(waits, every=0.05)
    paid = {"event_type": "custom.paid", "event": {"order": 7}}
    assert remote.post("source-events", paid).status == 202
    seen = {event["event_type"] for event in client.answer()}

    assert seen >= {
        *("step.retried", "action.failed", "action.retried", "step.skipped"),
        *("step.suspended", "run.suspended", "wait.opened", "wait.resumed"),
        *("step.resumed", "run.resumed", "run.completed"),
    }


def test_a_run_is_signalled_and_goes_on(
    client: PublishedClient, other: PublishedClient, remote: Remote
) -> None:
    run = client.call("start_run", create(client, WAIT)["id"])
    client.begin("watch_run", run["id"])
    remote.wait_for(run["id"], "suspended")

    other.call("signal_run", run["id"], "paid", {"by": "hand"})

    last = client.answer()[-1]
    assert last["event_type"] == "run.completed"
    assert last["payload"]["status"] == "completed"
    done = other.call("get_run", run["id"])
    assert done["result"] == {"paid": {"by": "hand"}}
    with pytest.raises(Refused) as refused:
        other.call("signal_run", run["id"], "paid", {})
    assert refused.value.status == 400


def test_a_run_is_cancelled_and_its_watcher_hears_of_it(
    client: PublishedClient, other: PublishedClient, remote: Remote
) -> None:
    run = client.call("start_run", create(client, WAIT)["id"])
    client.begin("watch_run", run["id"])
    remote.wait_for(run["id"], "suspended")

    cancelled = other.call("cancel_run", run["id"], "not needed")

    assert (cancelled["status"], cancelled["stop_reason"]) == ("cancelled",) * 2
    assert client.answer()[-1]["event_type"] == "run.cancelled"
    assert other.call("cancel_run", run["id"])["status"] == "cancelled"


def test_runs_are_listed_by_status_and_loop(client: PublishedClient) -> None:
    loop = create(client, WAIT)
    runs = [client.call("start_run", loop["id"])["id"] for _ in range(2)]

    chosen = options("ListRunsOptions", loop_id=loop["id"], limit=1)
    page = client.call("list_runs", chosen)
    (newest,) = page["items"]
    assert (newest["id"], page["has_more"]) == (runs[1], True)
    more = {**chosen, "cursor": page["next_cursor"]}
    (last,) = client.call("list_runs", more)["items"]
    assert last["id"] == runs[0]
    none = options("ListRunsOptions", status="completed")
    assert client.call("list_runs", none)["items"] == []


def test_the_older_one_waits_for_a_run(
    open_client: OpenClient, worker: HandWorker
) -> None:
    client = open_client(OLDER)
    run = client.call("start_run", create(client, STEP)["id"])
    client.begin("wait_run", run["id"], options("WaitRunOptions", timeout=30))

    worker.complete(worker.claim(), {"pages": 3})

    assert client.answer()["result"] == {"parse": {"pages": 3}}


def test_the_newer_one_sees_who_is_asked_and_the_answer(
    open_client: OpenClient, remote: Remote, tenant: Tenant
) -> None:
    client = open_client(NEWER)
    config = {
        "protocol": "request_approval",
        "targets": [tenant.reviewer_id],
        "prompt": "Release 4.2?",
        "resolution_policy": "any_of",
    }
    loop = create(client, {"id": "ok", "kind": "interaction", "config": config})
    run = client.call("start_run", loop["id"])
    client.begin("watch_run", run["id"])
    remote.wait_for(run["id"], "suspended")

    reader = open_client(NEWER)
    pending = options("ListInteractionsOptions", run_id=run["id"], status="pending")
    (asked,) = reader.call("list_interactions", pending)["items"]
    assert (asked["kind"], asked["title"]) == ("request_approval", "Release 4.2?")
    assert asked["target_user_ids"] == [tenant.reviewer_id]
    path = f"interactions/{asked['id']}"
    answer = {"value": True, "comment": "Looks good."}
    said = reader.call("parsed", "Interaction", "POST", f"{path}/respond", answer)
    assert (said["status"], said["outcome"]) == ("completed", True)

    seen = [event["event_type"] for event in client.answer()]
    assert {"interaction.requested", "interaction.responded"} <= set(seen)
    assert reader.call("get_run", run["id"])["status"] == "completed"
    done = options("ListInteractionsOptions", run_id=run["id"], status="completed")
    (found,) = reader.call("list_interactions", done)["items"]
    assert found == reader.call("parsed", "Interaction", "GET", path)
    with pytest.raises(Refused) as refused:
        reader.call("parsed", "Interaction", "POST", f"{path}/respond", answer)
    assert refused.value.status == 409
