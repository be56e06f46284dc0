"""The verbs of both clients, against the real system."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from mobius.sdk import (
    ApiError,
    AsyncClient,
    AuthError,
    Client,
    ConfigurationError,
    Conflict,
    NotFound,
    PermissionDenied,
    WaitTimedOut,
    result_of,
    verify_webhook,
)
from tests.deliveries.receiver import running_receiver
from tests.support.specs import NO_RETRY, action, spec
from tests.support.stack import Stack, Tenant


class Blocking:
    """An ``AsyncClient`` whose every verb is waited for: so one test serves both."""

    def __init__(self, client: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._it, self._loop = client, loop

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._it, name)
        if not callable(found):
            is_resource = type(found).__module__.startswith("mobius.sdk.resources")
            return Blocking(found, self._loop) if is_resource else found

        def call(*arguments: Any, **more: Any) -> Any:
            made = found(*arguments, **more)
            if isinstance(made, AsyncIterator):
                return self._each(made)
            return self._loop.run_until_complete(made)

        return call

    def _each(self, items: AsyncIterator[Any]) -> Iterator[Any]:
        while True:
            try:
                yield self._loop.run_until_complete(anext(items))
            except StopAsyncIteration:
                return


@pytest.fixture(params=["with await", "without"])
def any_client(
    request: pytest.FixtureRequest, stack: Stack, tenant: Tenant
) -> Iterator[Any]:
    """Both clients in the same words."""
    given = (stack.base_url, tenant.api_key, tenant.project)
    if request.param == "without":
        with Client(*given) as client:
            yield client
        return
    with asyncio.Runner() as runner:
        awaited = AsyncClient(*given)
        yield Blocking(awaited, runner.get_loop())
        runner.run(awaited.close())


def test_a_definition_is_applied_by_handle_or_name(any_client: Any) -> None:
    workflows = any_client.workflows
    wanted = {"name": "Count", "spec": spec(action("a")), "tags": {"team": "x"}}

    assert workflows.plan(wanted).outcome == "created"
    made = workflows.apply(wanted)
    assert workflows.plan(wanted).outcome == "unchanged"
    assert workflows.apply(wanted)["updated_at"] == made["updated_at"]

    changed = {"name": "Counting", "handle": made["handle"], "spec": spec(action("b"))}
    plan = workflows.plan(changed)
    assert (plan.outcome, set(plan.changes)) == ("updated", {"name", "spec"})
    after = workflows.apply(changed)
    assert (after["id"], after["latest_version"]) == (made["id"], 2)
    assert after["tags"] == {"team": "x"}
    bare = workflows.apply(spec(action("c"), name="bare"))
    assert {one["name"] for one in workflows.list(limit=1)} == {"Counting", "bare"}

    workflows.delete(bare["id"])
    with pytest.raises(NotFound):
        workflows.get(bare["handle"])
    wrong: list[Any] = [{"name": "x"}, {"spec": {}}, {**wanted, "step": []}, [1]]
    for broken in wrong:
        with pytest.raises(ConfigurationError, match="definition"):
            workflows.apply(broken)
    with pytest.raises(ApiError, match="steps"):
        workflows.apply({"name": "bad", "spec": {"name": "bad", "steps": []}})


def test_a_run_is_started_once_watched_asked_and_ended(
    any_client: Any, tenant: Tenant
) -> None:
    runs = any_client.runs
    target: Any = {"type": "user", "id": tenant.reviewer_id}
    question = {"type": "input", "message": "How many?", "target": target}
    question["timeout"] = "1h"
    ask = {"name": "ask", "store": "said", "interaction": question}
    workflow = any_client.workflows.apply(
        {
            "name": "Ask",
            "spec": spec(ask, outputs=[{"name": "said", "variable": "said.value"}]),
        }
    )
    run = runs.start(workflow["handle"], {"n": 1}, idempotency_key="k")
    assert runs.start(workflow["id"], {"n": 2})["id"] != run["id"]
    assert runs.start(workflow["handle"], {"n": 1}, idempotency_key="k") == run
    with pytest.raises(ConfigurationError, match="workflow"):
        runs.start()

    until = list(runs.watch(run["id"], until=lambda event: event.type == "wait.opened"))
    assert [event.seq for event in until] == list(range(1, len(until) + 1))
    with pytest.raises(WaitTimedOut):
        runs.wait(run["id"], timeout=0.2)
    (asked,) = any_client.interactions.list(run_id=run["id"], status="pending")
    answered = any_client.interactions.respond(asked["id"], "7", comment="so")
    assert answered["status"] == "completed"
    with pytest.raises(Conflict):
        any_client.interactions.respond(asked["id"], "8")

    ended = runs.wait(run["id"], timeout=30)
    assert (ended["status"], result_of(ended)) == ("completed", {"said": "7"})
    stored = list(runs.events(run["id"]))
    assert stored[-1].is_end
    assert [one.seq for one in runs.watch(run["id"])] == [one.seq for one in stored]
    assert list(runs.watch(run["id"], after=stored[-1].seq)) == []
    assert [e.status for e in runs.watch(run["id"], after=None)] == ["completed"]
    assert [step["name"] for step in runs.get(run["id"])["spec"]["steps"]] == ["ask"]
    assert runs.diagnosis(run["id"])["status"] == "completed"
    assert len(list(runs.list(workflow=workflow["id"], limit=1))) == 2


def test_runs_are_cancelled_signalled_and_retried(any_client: Any) -> None:
    runs = any_client.runs
    wait = {"name": "wait", "wait_signal": {"topic": "go", "timeout": "1h"}}
    run = runs.start(spec=spec(wait), external_id="e1")
    list(runs.watch(run["id"], until=lambda event: event.type == "wait.opened"))
    assert runs.signal(run["id"], "go", {"n": 1})["name"] == "go"
    assert runs.wait(run["id"], timeout=30)["status"] == "completed"

    run = runs.start(spec=spec(action("never", retry=NO_RETRY)))
    assert runs.cancel(run["id"], reason="enough")["status"] == "cancelled"
    assert runs.cancel(run["id"])["status"] == "cancelled"
    with pytest.raises(Conflict):
        runs.retry(run["id"])
    assert {one["id"] for one in runs.list(status=["cancelled"])} == {run["id"]}


def test_automations_and_loops_are_started(any_client: Any) -> None:
    config = {"action_name": "do.a", "execution_location": "worker"}
    step = {"kind": "action", "config": config}
    automations, loops = any_client.automations, any_client.loops
    made = automations.create("Nightly", "nightly")
    assert made["status"] == "draft"
    with pytest.raises(ApiError, match=r"spec\.steps"):
        automations.add_version("nightly", {"schema_version": "1", "steps": []})
    loop = loops.create("Weekly", steps=[{"id": "a", **step}])

    published = automations.add_version(
        "nightly", {"schema_version": "1", "steps": [{"key": "a", **step}]}
    )
    assert automations.publish("nightly", published["version"])["published_version"]
    run = automations.start("nightly", {"n": 1}, external_id="x")
    assert automations.start("nightly", {"n": 1}, external_id="x")["id"] == run["id"]
    first = loops.start(loop["id"], event={"n": 1}, idempotency_key="k")
    assert loops.start(loop["id"], event={"n": 1}, idempotency_key="k") == first

    events = any_client.runs.watch(
        run["id"], until=lambda event: event.type == "action.called"
    )
    assert [event.seq for event in events][:1] == [1]
    assert [one["id"] for one in automations.runs("nightly")] == [run["id"]]
    assert [one["id"] for one in loops.runs(loop["id"])] == [first["id"]]
    assert any_client.runs.cancel(first["id"])["status"] == "cancelled"
    assert automations.update("nightly", status="paused")["status"] == "paused"
    assert [one["handle"] for one in automations.list()] == ["nightly"]
    assert [one["id"] for one in loops.list()] == [loop["id"]]
    assert loops.update(loop["id"], description="d")["description"] == "d"


def test_events_are_published_and_deliveries_verified(any_client: Any) -> None:
    with running_receiver() as receiver:
        webhooks = any_client.webhooks
        hook = webhooks.create("mine", receiver.url, ["custom.*"])
        assert webhooks.ping(hook["id"])["success"]
        told = any_client.events.publish("custom.paid", {"n": 1}, dedup_key="d")
        again = any_client.events.publish("custom.paid", {"n": 1}, dedup_key="d")
        assert again == {**told, "deduped": True}
        (event,) = any_client.events.list(event_type="custom.paid")
        assert any_client.events.get(event["id"])["event"] == {"n": 1}

        received = receiver.received[0]
        verified = verify_webhook(
            received.body, received.headers, hook["signing_secret"]
        )
        assert verified.type
        assert verified.delivery_id == received.headers["x-mobius-delivery-id"]
        with pytest.raises(ConfigurationError):
            verify_webhook(received.body, received.headers, "not the secret")
        webhooks.delete(hook["id"])
        assert list(webhooks.list()) == []


def test_refusals_say_which_they_are(any_client: Any, stack: Stack) -> None:
    other = stack.new_tenant()
    with pytest.raises(NotFound):
        any_client.runs.get("run_01h455vb4pex5vsknk084sn02q")
    stranger = Client(stack.base_url, other.api_key, any_client.project)
    with stranger, pytest.raises(NotFound):
        next(stranger.runs.list(), None)
    unknown = Client(stack.base_url, "mbx_" + "0" * 43, any_client.project)
    with unknown, pytest.raises(AuthError) as refused:
        next(unknown.runs.watch("run_1"))
    assert refused.value.request_id
    assert issubclass(PermissionDenied, ApiError)
    assert list(any_client.workers.list()) == []
