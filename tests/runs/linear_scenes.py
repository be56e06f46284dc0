"""Starting and working runs of loops over the API."""

from typing import Any

from apps.identity.models import Project
from apps.run_events.models import RunEvent
from tests.support.api import Api
from tests.support.drive import b64, claim, dispatch_all


def types_of(run_id: str) -> list[str]:
    rows = RunEvent.objects.filter(run_id=run_id).order_by("seq")
    return list(rows.values_list("type", flat=True))


def payload_of(run_id: str, type_: str) -> dict[str, Any]:
    line = RunEvent.objects.filter(run_id=run_id, type=type_).latest("seq")
    return dict(line.payload)


def start(api: Api, loop: str, **body: Any) -> dict[str, Any]:
    answer = api.post(f"loops/{loop}/runs", body)
    assert answer.status_code == 202, answer.content
    dispatch_all()
    return dict(answer.json())


def work(api: Api, project: Project, result: Any = None, **more: Any) -> dict[str, Any]:
    job = claim(project.id)
    assert job is not None
    body = {"worker_id": "w1", "attempt": job["attempt"], "status": "completed"}
    body |= more or {"result_b64": b64(result)}
    answer = api.post(f"jobs/{job['job_id']}/complete", body)
    assert answer.status_code == 204, answer.content
    dispatch_all()
    return job
