"""How each public event of the catalog comes about, and who listens for it.

Where the system has a producer it is used, through the API. Mail, tables, artifacts
and sessions have none yet: their events are appended by the service that is theirs.
"""

from collections.abc import Callable
from typing import Any, Final

from django.db import transaction
from rest_framework.test import APIClient

from apps.identity.models import Project
from apps.kernel import clock
from apps.source_events.catalog import entry_of
from apps.source_events.services.append_public import append_public
from tests.contract.event_tables import PUBLIC
from tests.support.api import Api
from tests.support.drive import b64, claim, dispatch_all
from tests.support.factories import make_principal
from tests.support.specs import NO_RETRY, ONE_STEP, action, spec

Json = dict[str, Any]
#: A name for the family ``signal.<name>``.
NAMED: Final = {row.event: row.event.replace("<name>", "go") for row in PUBLIC}


def happen(api: Api, project: Project, event: str, waiting: str = "") -> None:
    """Let an event of this type happen, and dispatch it.

    ``waiting`` is the run that waits: signals are sent to it.
    """
    _MAKERS.get(event, _append)(api, project, event, waiting)
    dispatch_all()


def seen(api: Api, event: str) -> Json:
    """The first event of this type, as the API shows it."""
    found = api.get(f"source-events?event_type={NAMED[event]}").json()
    return dict(found["items"][-1])


def ok(answer: Any, status: int = 202) -> Json:
    """The body of an answer that has to have this status."""
    assert answer.status_code == status, answer.content
    return dict(answer.json()) if answer.content else {}


def work(api: Api, project: Project, result: Any = None, **report: Any) -> Json:
    """Claim one job and report on it: success, unless ``report`` says otherwise."""
    job = claim(project.id)
    assert job is not None
    said = report or {"status": "completed", "result_b64": b64(result)}
    body = {"worker_id": "w1", "attempt": job["attempt"], **said}
    ok(api.post(f"jobs/{job['job_id']}/complete", body), 204)
    dispatch_all()
    return job


def failed(message: str = "it broke", kind: str = "Broken") -> Json:
    """A report of failure."""
    return {"status": "failed", "error_type": kind, "error_message": message}


def _append(api: Api, project: Project, event: str, waiting: str) -> None:
    entry = entry_of(event)
    assert entry is not None
    sample = entry.example
    meta = {name: each for name, each in sample["meta"].items() if name != "event_type"}
    with transaction.atomic():
        append_public(
            project.id,
            event,
            source_id=sample["source_id"],
            event=sample["event"],
            meta=meta,
            now=clock.now(),
        )


def _request(api: Api, project: Project, event: str, waiting: str) -> None:
    workflow = ok(api.post("workflows", {"name": "called", "spec": ONE_STEP}), 201)
    body = {"name": "called", "kind": "webhook", "webhook_handle": "deploys"}
    ok(
        api.post("triggers", {**body, "targets": [{"workflow_id": workflow["id"]}]}),
        201,
    )
    sent = APIClient().post("/v1/triggers/http/deploys", {"sha": "abc"}, format="json")
    assert sent.status_code == 202


def _answer(api: Api, project: Project, event: str, waiting: str) -> None:
    asked = make_principal(project, role="Operator")
    target = {"type": "user", "id": asked.id}
    body = {"type": "approval", "message": "Fine?", "target": target}
    question = ok(api.post("interactions", body), 201)["id"]
    ok(api.post(f"interactions/{question}/respond", {"value": True}), 200)


def _start(api: Api) -> str:
    step = action("parse", retry=NO_RETRY)
    body = {"spec": spec(step), "queue": "happening"}
    run = ok(api.post("runs", body))["id"]
    dispatch_all()
    return str(run)


def _complete(api: Api, project: Project, event: str, waiting: str) -> None:
    _start(api)
    work(api, project)


def _fail(api: Api, project: Project, event: str, waiting: str) -> None:
    _start(api)
    work(api, project, **failed())


def _cancel(api: Api, project: Project, event: str, waiting: str) -> None:
    ok(api.post(f"runs/{_start(api)}/cancellations"), 204)


def _signal(api: Api, project: Project, event: str, waiting: str) -> None:
    ok(api.post(f"runs/{waiting}/signals", {"name": "go", "payload": {"n": 1}}))


_MAKERS: Final[dict[str, Callable[[Api, Project, str, str], None]]] = {
    "http_trigger.received": _request,
    "interaction.resolved": _answer,
    "run.completed": _complete,
    "run.failed": _fail,
    "run.cancelled": _cancel,
    "signal.<name>": _signal,
}
