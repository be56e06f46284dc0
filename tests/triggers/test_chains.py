"""Runs whose ends start runs."""

import pytest

from apps.identity.models import Project
from apps.source_events.models import SourceEvent
from tests.support.api import Api
from tests.support.drive import claim, dispatch_all
from tests.support.specs import ONE_STEP, spec
from tests.triggers.scenes import fires_of, on_event, runs_of, workflow


def run_to_end(api: Api, workflow_id: str) -> str:
    """Start a run of a workflow with one action and complete it."""
    run = api.post("runs", {"definition_id": workflow_id}).json()
    dispatch_all()
    finish(api)
    return str(run["id"])


def finish(api: Api) -> None:
    """Play the worker for the next job."""
    job = claim(project_of(api))
    assert job is not None
    report = {"worker_id": "w1", "attempt": job["attempt"], "status": "completed"}
    assert api.post(f"jobs/{job['job_id']}/complete", report).status_code == 204
    dispatch_all()


def project_of(api: Api) -> str:
    return str(Project.objects.get(handle=api.project).id)


def test_the_end_of_one_workflow_starts_another(api: Api) -> None:
    build, ship = workflow(api, "build"), workflow(api, "ship")
    trigger = on_event(
        api,
        "run.completed",
        condition=f"meta.loop_id == '{build}'",
        targets=[{"workflow_id": ship, "input_mapping": {"built": "$.run_id"}}],
    )

    built = run_to_end(api, build)
    finish(api)

    (shipped,) = runs_of(trigger)
    assert (shipped.workflow_id, shipped.status) == (ship, "completed")
    assert shipped.inputs["built"] == built
    assert shipped.inputs["meta"] == {
        "event_type": "run.completed",
        "run_id": built,
        "loop_id": build,
    }
    event = SourceEvent.objects.get(id=shipped.source_event_id)
    assert (event.event_type, event.source_id, event.depth) == (
        "run.completed",
        built,
        1,
    )
    assert shipped.depth == 1


def test_cancelled_and_failed_runs_start_others_too(api: Api) -> None:
    trigger = on_event(api, "run.*")
    run = api.post("runs", {"spec": ONE_STEP}).json()
    dispatch_all()

    api.post(f"runs/{run['id']}/cancellations", {})
    dispatch_all()

    (started,) = runs_of(trigger)
    assert started.inputs["meta"]["event_type"] == "run.cancelled"


@pytest.mark.parametrize("policy", ["allow", "queue"])
def test_runs_that_set_each_other_off_stop_at_the_depth_limit(
    api: Api, policy: str
) -> None:
    quick = spec({"name": "rest", "sleep": {"duration": "1ms"}})
    loop = workflow(api, "loop", quick)
    trigger = on_event(
        api, "run.*", targets=[{"workflow_id": loop}], concurrency_policy=policy
    )

    api.post("runs", {"definition_id": loop})
    dispatch_all()

    fires = fires_of(trigger)
    assert [run.depth for run in runs_of(trigger)] == list(range(1, 16))
    assert [fire.status for fire in fires] == ["success"] * 15 + ["failed"]
    assert fires[-1].error.startswith("depth limit: 16 runs led to this one")


@pytest.mark.parametrize("path", ["source-events", "source-events/batch"])
def test_a_worker_that_publishes_what_starts_its_own_workflow_is_stopped(
    api: Api, path: str
) -> None:
    again = "custom.report.wanted"
    report = workflow(api, "report")
    trigger = on_event(api, again, targets=[{"workflow_id": report}])

    api.post("runs", {"definition_id": report})
    dispatch_all()
    while (job := claim(project_of(api))) is not None:
        event = {"event_type": again, "run_id": job["run_id"]}
        body = event if path == "source-events" else {"events": [event]}
        assert api.post(path, body).status_code == 202
        done = {"worker_id": "w1", "attempt": job["attempt"], "status": "completed"}
        assert api.post(f"jobs/{job['job_id']}/complete", done).status_code == 204
        dispatch_all()

    fires = fires_of(trigger)
    assert [run.depth for run in runs_of(trigger)] == list(range(1, 16))
    assert [fire.status for fire in fires] == ["success"] * 15 + ["failed"]
    assert fires[-1].error.startswith("depth limit: 16 runs led to this one")
