"""Direct calls: written down once, tried again when lost, over in time."""

from datetime import timedelta
from typing import Any

import pytest

from apps.actions.catalog import find_entry
from apps.actions.models import Invocation
from apps.actions.renderings import render_result
from apps.actions.services.invoke import invoke_action
from apps.actions.services.sweep import sweep_invocations
from apps.identity.models import Project
from apps.jobs.fence import Fence
from apps.jobs.frames import claimed
from apps.jobs.models import Job
from apps.jobs.services.claim import Claim, claim_job, take_one
from apps.jobs.services.complete import Report, complete_job
from apps.jobs.services.report_events import report_events
from apps.jobs.services.rescue import rescue_jobs
from apps.kernel import clock
from apps.kernel.errors import Conflict, Invalid, NotFound
from apps.run_events.models import RunStream
from tests.actions.scenes import make_action, signed
from tests.deliveries.receiver import Receiver
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.server_actions import claim_actions, run_actions

pytestmark = pytest.mark.django_db


def invoke(project: Project, name: str, given: Any = None, **more: Any) -> Invocation:
    now = clock.now()
    return invoke_action(
        project.id,
        find_entry(project.id, name, now=now),
        given or {},
        now=now,
        **{"timeout_seconds": 30, "actor_id": "", "actor_type": "system", **more},
    )


def stand(call: Invocation) -> dict[str, Any]:
    call.refresh_from_db()
    return render_result(call)


def serve(project: Project, action: str, queue: str = "default") -> Claim:
    """A live worker that serves an action and has found nothing yet."""
    wanted = Claim(project.id, "w1", (queue,), (action,))
    assert claim_job(wanted, now=clock.now()) is None
    return wanted


def report(project: Project, job: Any, report_: Report) -> None:
    fence = Fence(project.id, job["job_id"], "w1", job["attempt"])
    complete_job(fence, report_, now=clock.now())
    dispatch_all()


def test_the_server_runs_it(project: Project) -> None:
    given = {"data": {"a": 1}, "expression": {"b": "input.a"}}
    call = invoke(project, "json.transform", given)
    assert stand(call) == {"status": "active", "job_id": call.job_id}

    run_actions()

    assert stand(call) == {
        "status": "completed",
        "job_id": call.job_id,
        "output": {"b": 1},
    }


def test_an_output_that_is_no_object_is_put_into_one(project: Project) -> None:
    call = invoke(project, "print", {"message": "hello"})
    run_actions()

    assert stand(call)["output"] == {"output": "hello"}
    assert not RunStream.objects.exists()


def test_a_failure_has_words(project: Project) -> None:
    call = invoke(project, "fail", {"message": "no", "error_type": "Nope"})
    run_actions()

    assert (stand(call)["status"], stand(call)["error"]) == ("failed", "no")
    assert call.error_type == "Nope"


def test_an_endpoint_is_called_with_who_called(
    api: Api, project: Project, receiver: Receiver
) -> None:
    made = make_action(api, url=receiver.url)
    call = invoke(project, "charge", {"n": 1}, actor_id="prin_x", actor_type="human")
    run_actions()

    assert stand(call)["output"] == {"ok": True}
    assert signed(receiver, made["signing_secret"])
    assert b'"kind":"direct_action_invoke"' in receiver.received[0].body
    assert b'"principal_id":"prin_x"' in receiver.received[0].body
    assert (call.http_status, call.secret_version) == (200, 1)


def test_a_worker_runs_what_it_serves(project: Project) -> None:
    wanted = serve(project, "train", "gpu")
    call = invoke(project, "train", {"n": 1})
    job = claim_job(wanted, now=clock.now())
    assert job is not None
    assert (job["queue"], job["parameters"]) == ("gpu", {"n": 1})

    report(project, job, Report(True, b"7", 7))

    assert stand(call)["output"] == {"output": 7}
    assert call.started_at is not None


def test_a_worker_may_fail(project: Project) -> None:
    wanted = serve(project, "train")
    call = invoke(project, "train")
    job = claim_job(wanted, now=clock.now())
    report(project, job, Report(False, None, None, "Broken", "it broke"))

    assert stand(call)["error"] == "it broke"


def test_a_workers_own_events_have_no_timeline_to_go_to(project: Project) -> None:
    wanted = serve(project, "train")
    invoke(project, "train")
    job = claim_job(wanted, now=clock.now())
    assert job is not None
    fence = Fence(project.id, job["job_id"], "w1", 1)
    report_events(fence, [("progress", {"n": 1})], now=clock.now())

    assert not RunStream.objects.exists()


@pytest.mark.parametrize("where", ["server", "worker"])
def test_one_whose_process_died_is_tried_again(project: Project, where: str) -> None:
    if where == "worker":
        wanted = serve(project, "train")
    name = "train" if where == "worker" else "random"
    call = invoke(project, name, timeout_seconds=120)
    now = clock.now()
    for attempt in (1, 2, 3):
        if where == "worker":
            job = claim_job(wanted, now=now)
            assert job is not None
            assert job["attempt"] == attempt
        else:
            assert [job.attempt for job in claim_actions(now)] == [attempt]
        now += timedelta(seconds=61)
        assert rescue_jobs(now=now) == 1
        dispatch_all(now)

    assert stand(call)["status"] == "failed"
    assert (call.error_type, call.attempts) == ("lease_expired", 3)
    assert Job.objects.filter(run_id=call.id).count() == 3


def test_what_nobody_does_in_time_fails_and_is_not_done_later(
    project: Project,
) -> None:
    wanted = serve(project, "train")
    call = invoke(project, "train", timeout_seconds=10)
    later = clock.now() + timedelta(seconds=13)

    sweep_invocations(now=later)

    assert stand(call)["error"] == "there was no result in time"
    assert call.error_type == "timeout"
    assert claim_job(wanted, now=later) is None


def test_a_report_that_comes_too_late_changes_nothing(project: Project) -> None:
    wanted = serve(project, "train")
    call = invoke(project, "train", timeout_seconds=10)
    job = claim_job(wanted, now=clock.now())
    sweep_invocations(now=clock.now() + timedelta(seconds=13))

    report(project, job, Report(True, b"7", 7))

    assert stand(call)["status"] == "failed"


def test_input_is_checked_before_anything_is_written(
    api: Api, project: Project
) -> None:
    make_action(api, input_schema={"required": ["amount"]})
    with pytest.raises(Invalid):
        invoke(project, "charge")

    assert not Invocation.objects.exists()


def test_what_is_not_ready_is_not_called(api: Api, project: Project) -> None:
    make_action(api, enabled=False)
    make_action(api, "resize", endpoint_kind="worker")

    for name in ("charge", "resize"):
        with pytest.raises(Conflict) as refused:
            invoke(project, name)
        assert refused.value.error_code == "action_not_ready"
    with pytest.raises(NotFound):
        invoke(project, "nothing-here")


def test_a_worker_on_a_socket_is_told_that_there_is_no_run(project: Project) -> None:
    wanted = serve(project, "train")
    invoke(project, "train")
    job = take_one(wanted, now=clock.now())
    assert job is not None

    [told] = claimed([{**job, "lease_token": "lease_1"}])["jobs"]

    assert told["origin"] == "direct_action_invoke"
    assert "run_id" not in told
    assert "step_id" not in told


# --- The log ------------------------------------------------------------------------


def test_the_log_has_a_line_for_each_call(api: Api, project: Project) -> None:
    first = invoke(project, "random", {"type": "boolean"})
    run_actions()
    second = invoke(project, "fail")
    run_actions()

    page = api.get("invocations").json()
    assert [line["id"] for line in page["items"]] == [second.id, first.id]
    line = api.get(f"invocations/{first.id}").json()
    assert (line["action_name"], line["status"], line["retry_count"]) == (
        "random",
        "completed",
        0,
    )
    assert line["parameters"] == {"type": "boolean"}
    assert line["delivery_id"] == first.id
    assert line["origin"] == "direct_action_invoke"


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("action_name=fail", 1),
        ("status=completed", 1),
        ("status=failed&action_name=random", 0),
        ("run_id=run_x", 0),
    ],
)
def test_the_log_is_filtered(
    api: Api, project: Project, query: str, count: int
) -> None:
    invoke(project, "random")
    invoke(project, "fail")
    run_actions()

    found = api.get(f"action-invocations?{query}").json()["items"]
    assert len(found) == count


def test_an_unknown_status_is_named(api: Api) -> None:
    assert api.get("invocations?status=odd").status_code == 400


def test_a_step_that_lost_its_last_process_is_closed_in_the_log(api: Api) -> None:
    step = {"name": "do", "action": "random", "action_kind": "server"}
    step_rules = [{"error_equals": ["Nope"], "max_retries": 1}]
    spec = {"name": "one", "steps": [{**step, "retry": step_rules}]}
    api.post("runs", {"spec": spec})
    dispatch_all()
    assert len(claim_actions()) == 1
    later = clock.now() + timedelta(seconds=61)
    rescue_jobs(now=later)
    dispatch_all(later)

    sweep_invocations(now=later)

    [line] = api.get("invocations").json()["items"]
    assert (line["status"], line["error_type"]) == ("failed", "lease_expired")


def test_a_call_of_a_cancelled_run_is_closed_in_the_log(api: Api) -> None:
    step = {"name": "do", "action": "random", "action_kind": "server"}
    run = api.post("runs", {"spec": {"name": "one", "steps": [step]}}).json()
    dispatch_all()
    api.post(f"runs/{run['id']}/cancel")

    sweep_invocations(now=clock.now())

    [line] = api.get(f"invocations?run_id={run['id']}").json()["items"]
    assert line["status"] == "cancelled"
