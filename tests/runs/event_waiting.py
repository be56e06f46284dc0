"""What tests of waits for events share: runs that wait, events, what became of them."""

from typing import Any

from apps.kernel import clock
from apps.run_events.models import RunEvent
from apps.runs.models import Wait
from apps.source_events.services.append import Fact, append_source_event
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.specs import spec

PAID = "custom.payment.received"


def waiting(name: str = "paid", event_type: str = PAID, **more: Any) -> dict[str, Any]:
    """A step that waits for an event."""
    return {"name": name, "wait_for_event": {"event_type": event_type, **more}}


def start(api: Api, *steps: dict[str, Any], **body: Any) -> str:
    """Start a run of these steps and let it come to rest; return its id."""
    answer = api.post("runs", {"spec": spec(*steps), **body})
    assert answer.status_code == 202, answer.json()
    dispatch_all(clock.now())
    return str(answer.json()["id"])


def publish(api: Api, event_type: str = PAID, **more: Any) -> str:
    """Publish an event, over HTTP, and dispatch it; return its id."""
    answer = api.post("source-events", {"event_type": event_type, **more})
    assert answer.status_code == 202, answer.json()
    dispatch_all(clock.now())
    return str(answer.json()["source_event_id"])


def append(project_id: str, event_type: str = PAID, **more: Any) -> str:
    """Append an event and dispatch nothing; return its id."""
    fact = Fact(project_id, event_type, "custom", settled=None, **more)
    return append_source_event(fact, now=clock.now())


def run_of(api: Api, run_id: str) -> dict[str, Any]:
    """Return a run as the API shows it."""
    return dict(api.get(f"runs/{run_id}").json())


def status(api: Api, run_id: str) -> str:
    """Return the status of a run."""
    return str(run_of(api, run_id)["status"])


def result(api: Api, run_id: str) -> Any:
    """Return the result of a run that completed."""
    run = run_of(api, run_id)
    assert run["status"] == "completed", run
    return run["result"]


def taken_by(run_id: str) -> list[str]:
    """Return the events that a run took, in the order of its steps."""
    rows = Wait.objects.filter(run_id=run_id).exclude(event_id="").order_by("task_id")
    return list(rows.values_list("event_id", flat=True))


def timeline(run_id: str, type_: str) -> list[Any]:
    """Return the payloads of a run's lines of one type, in order."""
    rows = RunEvent.objects.filter(run_id=run_id, type=type_).order_by("seq")
    return [row.payload for row in rows]
