"""What tests of diagnoses share: runs that do not move, and what is said of them."""

from typing import Any

from apps.identity.models import Project
from tests.support.api import Api
from tests.support.drive import b64, claim, dispatch_all
from tests.support.specs import spec


def start(api: Api, *steps: dict[str, Any], dispatch: bool = True, **body: Any) -> str:
    """Start a run of these steps, and let it come to rest; return its id."""
    answer = api.post("runs", {"spec": spec(*steps), **body})
    assert answer.status_code == 202, answer.json()
    if dispatch:
        dispatch_all()
    return str(answer.json()["id"])


def diagnosis(api: Api, run_id: str) -> dict[str, Any]:
    """The answer of the API."""
    answer = api.get(f"runs/{run_id}/diagnosis")
    assert answer.status_code == 200, answer.json()
    return dict(answer.json())


def reasons(api: Api, run_id: str) -> dict[str, dict[str, Any]]:
    """The reasons by their codes; each code comes once."""
    found = diagnosis(api, run_id)["reasons"]
    by_code = {reason["code"]: reason for reason in found}
    assert len(by_code) == len(found)
    return by_code


def only(api: Api, run_id: str) -> dict[str, Any]:
    """The one reason that there is."""
    (reason,) = diagnosis(api, run_id)["reasons"]
    return dict(reason)


def report(api: Api, project: Project, output: Any = None, **body: Any) -> None:
    """Claim the next job, report on it and dispatch; completed unless said."""
    job = claim(project.id)
    assert job is not None
    how = body or {"status": "completed", "result_b64": b64(output)}
    fence = {"worker_id": "w1", "attempt": job["attempt"]}
    answer = api.post(f"jobs/{job['job_id']}/complete", {**fence, **how})
    assert answer.status_code == 204, answer.content
    dispatch_all()


def claim_in_vain(api: Api, **wanted: Any) -> None:
    """A worker asks for work of a kind that there is not, and is seen by that."""
    answer = api.post("jobs/claim", wanted)
    assert answer.status_code in (200, 204), answer.content
