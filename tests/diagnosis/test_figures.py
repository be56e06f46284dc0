"""The figures of a project: what clients know as ProjectMetrics."""

from collections.abc import Callable

import pytest

from apps.diagnosis.figures import _p95
from apps.identity.models import Project
from apps.jobs.presence import show_worker
from apps.kernel import clock
from tests.diagnosis.asking import report, start
from tests.support.api import Api
from tests.support.drive import b64, claim, dispatch_all
from tests.support.frozen import FrozenClock
from tests.support.specs import NO_RETRY, action

pytestmark = pytest.mark.django_db


def test_the_figures_are_what_happened_in_the_hour(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    start(api, action("old"))
    report(api, project)
    frozen.tick(hours=2)
    start(api, action("a"))
    job = claim(project.id)
    assert job is not None
    frozen.tick(seconds=8)
    fence = {"worker_id": "w1", "attempt": 1}
    done = {**fence, "status": "completed", "result_b64": b64(1)}
    api.post(f"jobs/{job['job_id']}/complete", done)
    dispatch_all()
    start(api, action("b", retry=NO_RETRY))
    report(api, project, status="failed", error_type="io", error_message="no disk")
    start(api, {"name": "p", "pause": {}})
    start(api, action("c"))
    show_worker(project.id, "gone", now=clock.now())
    frozen.tick(minutes=5)
    show_worker(project.id, "here", now=clock.now())

    answer = api.get("metrics")

    assert answer.status_code == 200
    assert answer.json() == {
        "generated_at": "2026-05-04T14:05:08.000000Z",
        "window_minutes": 60,
        "runs_per_minute": 4 / 60,
        "total_runs_window": 4,
        "failure_rate": 0.5,
        "avg_run_seconds": 4.0,
        "p95_step_seconds": 8.0,
        "queue_depth": 1,
        "running_count": 1,
        "active_workers": 1,
        "stale_workers": 2,
        "status_breakdown": {
            "queued": 1,
            "running": 0,
            "suspended": 1,
            "completed": 1,
            "failed": 1,
            "cancelled": 0,
        },
    }


def test_a_project_in_which_nothing_happened_has_zeros(api: Api) -> None:
    found = api.get("metrics").json()

    assert (found["failure_rate"], found["avg_run_seconds"]) == (0.0, 0.0)
    assert (found["p95_step_seconds"], found["total_runs_window"]) == (0.0, 0)


def test_the_figures_are_of_this_project_and_for_those_who_see_runs(
    api: Api, api_as: Callable[[str], Api], stranger: Api
) -> None:
    start(api, action("a"))

    assert stranger.get("metrics").json()["total_runs_window"] == 0
    assert stranger.get(f"/v1/projects/{api.project}/metrics").status_code == 404
    assert api_as("Worker").get("metrics").status_code == 403
    assert api_as("Viewer").get("metrics").status_code == 200


@pytest.mark.parametrize(
    ("seconds", "p95"),
    [([1.0], 1.0), ([2.0, 1.0], 2.0), ([float(n) for n in range(1, 41)], 38.0)],
)
def test_the_slow_end_is_what_95_of_100_do_not_exceed(
    seconds: list[float], p95: float
) -> None:
    assert _p95(seconds) == p95
