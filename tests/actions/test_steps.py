"""Steps whose action the server runs itself."""

from datetime import timedelta

import pytest

from apps.actions.models import Invocation
from apps.identity.models import Project
from apps.jobs.models import Job
from apps.jobs.queues import SERVER_QUEUE
from apps.jobs.services.claim import Claim, claim_job
from apps.jobs.services.rescue import rescue_jobs
from apps.kernel import clock
from apps.kernel.errors import LeaseLost
from apps.run_events.models import RunEvent
from apps.runs.models import Run
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.server_actions import (
    ME,
    claim_actions,
    perform,
    run_actions,
    run_step,
)

pytestmark = pytest.mark.django_db

TRANSFORM = {"data": {"a": 20}, "expression": "input.a * 2 + 2"}


def start(api: Api, action: str = "time.now", **step: object) -> str:
    """Start a run of one step of the server's; its job waits."""
    made = {"name": "do", "action": action, "action_kind": "server", **step}
    started = api.post("runs", {"spec": {"name": "one", "steps": [made]}})
    assert started.status_code == 202, started.json()
    dispatch_all()
    return str(started.json()["id"])


def told(run_id: str) -> list[str]:
    rows = RunEvent.objects.filter(run_id=run_id).order_by("seq")
    return list(rows.values_list("type", flat=True))


def test_the_server_runs_a_step_to_its_end(api: Api) -> None:
    run = run_step(api, "json.transform", TRANSFORM)

    assert (run.status, run.result) == ("completed", 42)


def test_its_timeline_is_that_of_a_worker(api: Api) -> None:
    run = run_step(api, "json.transform", TRANSFORM)

    lines = [type_ for type_ in told(run.id) if type_.startswith("action.")]
    assert lines == ["action.called", "action.claimed", "action.completed"]


def test_a_step_of_the_linear_dialects_is_managed(api: Api) -> None:
    config = {
        "action_name": "json.transform",
        "execution_location": "managed",
        "parameters": TRANSFORM,
    }
    steps = [{"id": "sum", "kind": "action", "config": config}]
    loop = api.post("loops", {"name": "sums", "steps": steps}).json()
    run_id = api.post(f"loops/{loop['id']}/runs").json()["id"]

    run_actions()

    run = Run.objects.get(id=run_id)
    assert (run.status, run.result) == ("completed", {"sum": 42})


@pytest.mark.parametrize("queues", [(), (SERVER_QUEUE,), ("default", SERVER_QUEUE)])
def test_a_worker_never_gets_a_job_of_the_server(
    api: Api, project: Project, queues: tuple[str, ...]
) -> None:
    start(api)

    assert claim_job(Claim(project.id, "w1", queues), now=clock.now()) is None
    assert len(claim_actions()) == 1


def test_the_server_never_gets_a_job_of_a_worker(api: Api) -> None:
    spec = {"name": "w", "steps": [{"name": "a", "action": "http.request"}]}
    api.post("runs", {"spec": spec})
    dispatch_all()

    assert claim_actions() == []


def test_nobody_starts_runs_on_the_queue_of_the_server(api: Api) -> None:
    spec = {"name": "w", "steps": [{"name": "a", "action": "b"}]}
    answer = api.post("runs", {"spec": spec, "queue": SERVER_QUEUE})

    assert answer.status_code == 400
    assert answer.json()["details"]["path"] == "queue"


def test_of_two_processes_one_has_the_job(api: Api) -> None:
    start(api)

    assert len(claim_actions(worker_id="a")) == 1
    assert claim_actions(worker_id="b") == []


def test_a_job_whose_process_died_is_tried_again_as_the_same_call(api: Api) -> None:
    run_id = start(api)
    [lost] = claim_actions()
    before = Invocation.objects.get()

    later = clock.now() + timedelta(seconds=61)
    assert rescue_jobs(now=later) == 1
    dispatch_all(later)
    [again] = claim_actions(later)

    assert (lost.attempt, again.attempt) == (1, 2)
    perform(again, later)
    dispatch_all(later)
    assert Run.objects.get(id=run_id).status == "completed"
    after = Invocation.objects.get()
    assert (after.id, after.attempts, after.retries) == (before.id, 2, 1)
    assert "action.retried" in told(run_id)


def test_the_word_of_a_process_that_lost_the_job_does_not_count(api: Api) -> None:
    start(api)
    [lost] = claim_actions()
    rescue_jobs(now=clock.now() + timedelta(seconds=61))

    with pytest.raises(LeaseLost):
        perform(lost)


def test_it_gives_up_after_three_processes_died(api: Api) -> None:
    run_id = start(api)
    now = clock.now()
    for _ in range(3):
        assert len(claim_actions(now)) == 1
        now += timedelta(seconds=61)
        rescue_jobs(now=now)
        dispatch_all(now)

    run = Run.objects.get(id=run_id)
    assert (run.status, run.error_type) == ("failed", "lease_expired")


def test_a_failure_is_not_tried_again_unless_the_step_says_so(api: Api) -> None:
    run = run_step(api, "fail", {"message": "no", "error_type": "Nope"})

    assert (run.status, run.error_type, run.error_message) == ("failed", "Nope", "no")
    assert Job.objects.filter(run_id=run.id).count() == 1


def test_the_retry_rule_of_a_step_counts(api: Api) -> None:
    retry = [{"error_equals": ["all"], "max_retries": 2, "base_delay": "0s"}]
    run = run_step(api, "fail", {"message": "no"}, retry=retry)

    assert run.status == "failed"
    assert Job.objects.filter(run_id=run.id).count() == 3
    assert Invocation.objects.get().attempts == 3


def test_a_failure_is_caught_by_its_type(api: Api) -> None:
    spec = {
        "name": "caught",
        "steps": [
            {
                "name": "a",
                "action": "fail",
                "action_kind": "server",
                "parameters": {"error_type": "Nope"},
                "catch": [{"error_equals": ["Nope"], "next": "b"}],
                "next": [],
            },
            {"name": "b", "action": "time.now", "action_kind": "server"},
        ],
    }
    run_id = api.post("runs", {"spec": spec}).json()["id"]
    run_actions()

    assert Run.objects.get(id=run_id).status == "completed"


def test_an_action_that_the_project_does_not_have_fails_when_it_is_run(
    api: Api,
) -> None:
    run = run_step(api, "charge-card")

    assert (run.status, run.error_type) == ("failed", "ActionNotRegistered")
    assert run.error_message == "there is no action charge-card here"


@pytest.mark.parametrize("name", ["http.requets", "mobius.table", "Charge", "a--b"])
def test_a_name_that_no_action_can_have_is_refused_when_it_is_written(
    api: Api, name: str
) -> None:
    step = {"name": "do", "action": name, "action_kind": "server"}
    spec = {"name": "x", "steps": [step]}
    answer = api.post("workflows", {"name": "x", "spec": spec})

    assert answer.status_code == 400
    assert answer.json()["details"]["path"] == "spec.steps[0].action"


def test_input_that_does_not_fit_is_a_failure_that_says_where(api: Api) -> None:
    run = run_step(api, "random", {"type": "dice"})

    assert (run.status, run.error_type) == ("failed", "invalid_input")
    assert run.error_message.startswith("type: ")


def test_a_cancelled_run_leaves_nothing_to_claim(api: Api) -> None:
    run_id = start(api)
    api.post(f"runs/{run_id}/cancel")

    assert claim_actions() == []


def test_what_ends_after_its_run_was_cancelled_moves_nothing(api: Api) -> None:
    run_id = start(api, "print", parameters={"message": "late"})
    [job] = claim_actions()
    api.post(f"runs/{run_id}/cancel")

    perform(job)
    dispatch_all()

    assert Run.objects.get(id=run_id).status == "cancelled"
    assert "print" not in told(run_id)
    assert Invocation.objects.get().status == "cancelled"
    assert Job.objects.get(run_id=run_id).status == "cancelled"


def test_the_output_has_a_limit(api: Api, settings: object) -> None:
    settings.RESULT_BYTES_MAX = 20  # type: ignore[attr-defined]
    text = "x" * 30
    run = run_step(api, "json.transform", {"data": text, "expression": "input"})

    assert (run.status, run.error_type) == ("failed", "invalid_output")


# --- Who gets how many places ------------------------------------------------------


def wait_for(api: Api, action: str, count: int, url: str = "") -> None:
    parameters = {"url": url} if url else {}
    for _ in range(count):
        start(api, action, parameters=parameters)


def test_one_endpoint_takes_only_its_share_of_the_places(api: Api) -> None:
    wait_for(api, "http.request", 4, "https://slow.example/a")
    wait_for(api, "http.request", 1, "https://quick.example/b")

    taken = claim_actions(cap=2)

    hosts = sorted(job.endpoint.split()[-1] for job in taken)
    assert hosts == ["quick.example", "slow.example", "slow.example"]
    busy = {(job.project_id, job.endpoint): 2 for job in taken}
    assert claim_actions(cap=2, busy=busy) == []


def test_projects_take_turns(api: Api, stranger: Api) -> None:
    wait_for(api, "random", 5)
    wait_for(stranger, "random", 1)

    taken = claim_actions(free=2)

    assert len({job.project_id for job in taken}) == 2


def test_no_more_is_claimed_than_there_are_places(api: Api) -> None:
    wait_for(api, "random", 3)

    assert len(claim_actions(free=2)) == 2
    assert {job.worker_id for job in claim_actions(free=2)} == {ME}
