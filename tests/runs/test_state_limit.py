"""The room of a run: what its state may take, measured where it is written."""

from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection

from apps.identity.models import Project
from apps.jobs.models import Job
from apps.run_events.models import RunEvent
from apps.runs.models import Run, Wait
from tests.support.api import Api
from tests.support.drive import b64, claim, dispatch_all
from tests.support.specs import action, spec

pytestmark = pytest.mark.django_db
ROOM = 2000


@pytest.fixture(autouse=True)
def narrow(settings: LazySettings) -> None:
    """Runs may take 2000 bytes."""
    settings.STATE_BYTES_MAX = ROOM


def start(api: Api, body: dict[str, Any], **more: Any) -> str:
    answer = api.post("runs", {"spec": body, **more})
    assert answer.status_code == 202, answer.json()
    dispatch_all()
    return str(answer.json()["id"])


def report(api: Api, project: Project, output: Any) -> dict[str, Any]:
    job = claim(project.id)
    assert job is not None
    fence = {"worker_id": "w1", "attempt": job["attempt"]}
    body = {**fence, "status": "completed", "result_b64": b64(output)}
    assert api.post(f"jobs/{job['job_id']}/complete", body).status_code == 204
    dispatch_all()
    return job


def lines(run_id: str) -> list[str]:
    rows = RunEvent.objects.filter(run_id=run_id).order_by("seq")
    return list(rows.values_list("type", flat=True))


def stored_bytes(run_id: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT length(state::text) FROM runs_run WHERE id=%s", [run_id])
        return int(cursor.fetchone()[0])


def test_a_run_that_outgrows_its_room_fails_and_stays_small(
    api: Api, project: Project
) -> None:
    run_id = start(api, spec(action("a", store="a"), action("b")))

    report(api, project, "x" * 3000)

    shown = api.get(f"runs/{run_id}").json()
    assert (shown["status"], shown["error_type"]) == ("failed", "state_limit")
    assert "may take 2000" in shown["error_message"]
    reached = RunEvent.objects.get(run_id=run_id, type="limit.reached").payload
    assert (reached["limit_kind"], reached["limit"]) == ("state_bytes", ROOM)
    assert reached["step"] == "a"
    assert reached["used"] > 3000
    assert stored_bytes(run_id) < ROOM
    assert lines(run_id)[-1] == "run.failed"
    assert not Job.objects.filter(run_id=run_id, step_name="b").exists()


def test_after_a_retry_the_step_may_give_less(api: Api, project: Project) -> None:
    run_id = start(api, spec(action("a", store="a"), action("b")))
    report(api, project, "x" * 3000)

    api.post("runs/retries", {"run_ids": [run_id]})
    dispatch_all()
    report(api, project, "x" * 30)
    report(api, project, None)

    assert Run.objects.get(id=run_id).status == "completed"


def test_a_run_that_needs_too_much_to_begin_says_so_and_can_be_retried(
    api: Api, settings: LazySettings
) -> None:
    settings.STATE_BYTES_MAX = 10
    run_id = start(api, spec(action("a")))

    assert lines(run_id)[-2:] == ["limit.reached", "run.failed"]
    assert not Job.objects.filter(run_id=run_id, status="pending").exists()

    settings.STATE_BYTES_MAX = ROOM
    assert api.post("runs/retries", {"run_ids": [run_id]}).json()["failures"] == {}
    assert Job.objects.filter(run_id=run_id, status="pending").count() == 1


def test_signals_that_nobody_takes_count(api: Api) -> None:
    run_id = start(api, spec({"name": "hold", "pause": {"reason": "look"}}))

    for _ in range(10):
        api.post(f"runs/{run_id}/signals", {"name": "n", "payload": "y" * 300})
        dispatch_all()
        if Run.objects.get(id=run_id).status == "failed":
            break

    assert Run.objects.get(id=run_id).error_type == "state_limit"
    assert not Wait.objects.filter(run_id=run_id, closed_at=None).exists()


def test_a_run_may_end_whatever_its_size(
    api: Api, project: Project, settings: LazySettings
) -> None:
    run_id = start(api, spec(action("a")))
    report(api, project, "x" * 3000)
    held = start(api, spec(action("a")))
    settings.STATE_BYTES_MAX = 10

    assert Run.objects.get(id=run_id).status == "completed"
    assert api.post(f"runs/{held}/cancellations").status_code == 204


def test_0_is_no_limit(api: Api, project: Project, settings: LazySettings) -> None:
    settings.STATE_BYTES_MAX = 0
    run_id = start(api, spec(action("a", store="a"), action("b")))

    report(api, project, "x" * 3000)

    assert Run.objects.get(id=run_id).status == "queued"
