"""The acceptance checklist of the published documents: items 33 to 42, one by one.

Each test's docstring says which item it shows. The event catalog's own files show them
in more depth; here each stands alone, in a whole system with real dispatch.
"""

from typing import Any

import pytest

from tests.contract.event_tables import INTERNAL, LEGACY, LINES, PUBLIC
from tests.support.remote import HandWorker, Remote
from tests.support.specs import ONE_STEP, spec
from tests.support.sse import EventStream
from tests.support.waiting import wait_until

Json = dict[str, Any]
STEP: Json = {"id": "parse", "kind": "action", "config": {"action_name": "do.parse"}}


def made(reply: Any, status: int = 201) -> Json:
    assert reply.status == status, reply.body
    return dict(reply.body)


def loop(remote: Remote, *steps: Json, name: str = "Nightly", **more: Any) -> str:
    body = {"name": name, "steps": steps or [STEP], **more}
    return str(made(remote.post("loops", body))["id"])


def start(remote: Remote, loop_id: str, **body: Any) -> str:
    return str(made(remote.post(f"loops/{loop_id}/runs", body), 202)["id"])


def publish(remote: Remote, event_type: str, **event: Any) -> str:
    reply = remote.post("source-events", {"event_type": event_type, "event": event})
    return str(made(reply, 202)["source_event_id"])


def trigger(remote: Remote, kind: str, **more: Any) -> Any:
    """Ask for a trigger that starts a workflow of one step."""
    name = f"{kind} {more}"
    workflow = made(remote.post("workflows", {"name": name, "spec": ONE_STEP}))
    target = [{"workflow_id": workflow["id"]}]
    return remote.post(
        "triggers", {"name": name, "kind": kind, "targets": target} | more
    )


def wait_for(event_type: str) -> Json:
    return {"name": "heard", "wait_for_event": {"event_type": event_type}}


def runs(remote: Remote, query: str) -> list[Json]:
    """The runs that are found, once there is one."""
    found: list[Json] = []

    def look() -> bool:
        found[:] = remote.get(f"runs?{query}").body["items"]
        return bool(found)

    wait_until(look, every=0.05)
    return found


def lines(remote: Remote, run_id: str, query: str = "") -> list[Json]:
    accept = {"Accept": "application/json"}
    path = f"runs/{run_id}/events?limit=200{query}"
    return list(remote.call("GET", path, headers=accept).body["items"])


def line(remote: Remote, run_id: str, type_: str) -> Json:
    (found,) = [each for each in lines(remote, run_id) if each["event_type"] == type_]
    return dict(found["payload"])


def catalogue(remote: Remote) -> dict[str, Json]:
    sources = remote.get("catalog/events").body["items"]
    return {each["name"]: each for source in sources for each in source["event_types"]}


def test_a_source_event_is_an_envelope(remote: Remote) -> None:
    """Item 33."""
    id_ = publish(remote, "custom.paid", order=7)

    shown = made(remote.get(f"source-events/{id_}"), 200)

    envelope = ("event_type", "source_kind", "source_id", "event", "meta")
    assert {name: shown[name] for name in envelope} == {
        "event_type": "custom.paid",
        "source_kind": "custom",
        "source_id": "",
        "event": {"order": 7},
        "meta": {"event_type": "custom.paid"},
    }


def test_the_twelve_public_events_are_in_the_catalogue(remote: Remote) -> None:
    """Item 34."""
    known = catalogue(remote)

    assert len(PUBLIC) == 12
    for row in PUBLIC:
        shown = known[row.event]
        assert (shown["source_kind"], shown["waitable"]) == (row.kind, True)
        assert shown["triggerable"] is row.triggerable
        assert tuple(shown["meta_fields"]) == row.meta


@pytest.mark.parametrize("event_type", ["interaction.resolved", "signal.go"])
def test_answers_and_signals_are_waited_for_and_trigger_nothing(
    remote: Remote, event_type: str
) -> None:
    """Item 35."""
    refused = trigger(remote, "event", source_config={"event_type": event_type})
    waits = remote.start(spec(wait_for(event_type)))

    assert refused.status == 400
    assert "cannot start one" in refused.body["message"]
    remote.wait_for(waits, "suspended")


@pytest.mark.parametrize("event_type", INTERNAL)
def test_internal_events_are_not_authored(remote: Remote, event_type: str) -> None:
    """Item 36."""
    hears = {"kind": "event", "config": {"event_type": event_type}}
    waits = {"kind": "wait_for_event", "config": {"event_type": event_type}}

    for refused in (
        trigger(remote, "event", source_config={"event_type": event_type}),
        remote.post("loops", {"name": "L", "steps": [STEP], "triggers": [hears]}),
        remote.post("loops", {"name": "L", "steps": [{"id": "w", **waits}]}),
        remote.post("runs", {"spec": spec(wait_for(event_type))}),
    ):
        assert refused.status == 400
        assert "it is internal" in refused.body["message"]


def test_a_wildcard_hears_all_below_it_and_runs_get_event_and_meta(
    remote: Remote,
) -> None:
    """Item 37."""
    config = {"event_type": "custom.payment.*"}
    heard = made(trigger(remote, "event", source_config=config))
    block = {
        **config,
        "condition": "event.amount > 1 && meta.event_type == 'custom.payment.made'",
        "payload_mapping": {"sum": "event.amount"},
    }
    waits = remote.start(spec({"name": "paid", "wait_for_event": block}))
    remote.wait_for(waits, "suspended")

    publish(remote, "custom.payments", amount=9)
    publish(remote, "custom.payment.made", amount=5)

    (run,) = runs(remote, f"trigger_id={heard['id']}")
    assert remote.run(run["id"])["inputs"] == {
        "event": {"amount": 5},
        "meta": {"event_type": "custom.payment.made"},
    }
    assert remote.wait_for(waits)["result"] == {"sum": 5}


def test_a_run_that_ends_starts_another_loop(
    remote: Remote, worker: HandWorker
) -> None:
    """Item 38."""
    first = loop(remote, name="First")
    condition = f"meta.loop_id == '{first}'"
    config = {"event_type": "run.completed", "condition": condition}
    hears = {"kind": "event", "config": config}
    second = loop(remote, name="Second", triggers=[hears])
    run = start(remote, first)
    worker.complete(worker.claim(), "done")

    (started,) = runs(remote, f"loop_id={second}")

    assert started["meta"] == {
        "event_type": "run.completed",
        "run_id": run,
        "loop_id": first,
    }
    assert started["event"]["run_id"] == run


def test_a_runs_events_are_replayed_after_a_number(
    remote: Remote, worker: HandWorker
) -> None:
    """Item 39."""
    run = start(remote, loop(remote))
    worker.complete(worker.claim(), {"pages": 3})
    remote.wait_for(run)

    told = lines(remote, run)

    types = [each["event_type"] for each in told]
    assert set(types) <= LINES.keys() - {LEGACY}
    assert line(remote, run, "action.completed")["result"] == {"pages": 3}
    url = remote.url(f"runs/{run}/events.stream")
    for after in range(len(told) + 1):
        assert lines(remote, run, f"&after_sequence={after}") == told[after:]
        with EventStream(url, remote.api_key, after_sequence=after) as stream:
            assert [frame.data for frame in stream.rest()] == told[after:]


def test_a_schedule_starts_runs(remote: Remote) -> None:
    """Item 40, schedules."""
    often = {"kind": "schedule", "config": {"interval": "1s"}}
    id_ = loop(remote, triggers=[often])

    run = runs(remote, f"loop_id={id_}")[-1]

    assert remote.call("DELETE", f"loops/{id_}").status == 204
    assert run["source"]["type"] == "trigger"
    listed = remote.get("source-events").body["items"]
    assert [each for each in listed if "tick" in each["event_type"]] == []


def test_a_request_is_accepted_at_once_and_starts_a_run_later(remote: Remote) -> None:
    """Item 40, requests."""
    id_ = loop(remote, triggers=[{"kind": "http", "config": {}}])
    (found,) = remote.get(f"triggers?workflow_id={id_}").body["items"]
    outside = Remote(remote.base_url)
    address = f"/v1/triggers/http/{found['webhook_handle']}"

    accepted = made(outside.post(address, {"sha": "abc"}), 202)

    assert (accepted["status"], accepted["deduped"]) == ("accepted", False)
    (run,) = runs(remote, f"source_event_id={accepted['source_event_id']}")
    assert (run["loop_id"], run["event"]) == (id_, {"sha": "abc"})
    listed = remote.get("source-events").body["items"]
    assert {each["event_type"] for each in listed} == {"http_trigger.received"}


def test_steps_are_skipped_and_tried_again(remote: Remote, worker: HandWorker) -> None:
    """Item 41."""
    config = {"loop_id": "nobody", "condition": "event.n > 5"}
    skipped = {"id": "call", "kind": "loop", "config": config}
    retried = {**STEP, "retry": {"max_attempts": 2, "delay": "0s"}}
    run = start(remote, loop(remote, skipped, retried), event={"n": 1})
    worker.fail(worker.claim())
    worker.complete(worker.claim())
    remote.wait_for(run)

    assert line(remote, run, "step.skipped")["step"] == "call"
    again = line(remote, run, "step.retried")
    assert (again["step"], again["attempt"], again["max_attempts"]) == ("parse", 2, 2)
    requeued = line(remote, run, "action.retried")
    assert (requeued["action"], requeued["attempt"], requeued["max_attempts"]) == (
        *("do.parse", 2, 2),
    )


def test_a_cap_stops_the_run_and_says_which(remote: Remote) -> None:
    """Item 42."""
    run = start(remote, loop(remote), credit_budget=10)
    used = {"category": "tokens", "quantity": 900, "credits": 12}
    # Until the run has begun there is nothing to report: 409.
    wait_until(lambda: remote.post(f"runs/{run}/usage", used).status == 202)
    stopped = remote.wait_for(run)

    slow = start(remote, loop(remote, name="Slow", limits={"wall_clock_timeout": "1s"}))
    late = remote.wait_for(slow)

    assert (stopped["status"], stopped["stop_reason"]) == ("failed", "budget_exceeded")
    reached = line(remote, run, "limit.reached")
    assert (reached["limit_kind"], reached["limit"], reached["used"]) == (
        *("credit_budget", 10, 12),
    )
    assert (late["status"], late["stop_reason"]) == ("failed", "wall_clock_exceeded")
    reached = line(remote, slow, "limit.reached")
    assert (reached["limit_kind"], reached["limit"]) == ("wall_clock", 1)
    assert reached["used"] >= 1
