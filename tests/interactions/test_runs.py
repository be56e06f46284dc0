"""The guide to human input: a run asks, somebody answers, the run goes on."""

from datetime import timedelta
from typing import Any

import pytest

from apps.identity.models import Principal
from apps.interactions.models import Interaction
from apps.kernel import clock
from apps.run_events.models import RunEvent
from tests.interactions.conftest import api_of
from tests.support.api import Api
from tests.support.drive import dispatch_all


def spec_for(reviewer: str, **interaction: Any) -> dict[str, Any]:
    block = {
        "type": "approval",
        "message": "Approve document for publication?",
        "target": {"type": "user", "id": reviewer},
        "timeout": "24h",
        "spec": {"mode": "confirm"},
        **interaction,
    }
    step = {"name": "get-approval", "interaction": block}
    return {"name": "doc-approval", "steps": [step]}


@pytest.fixture
def run_id(api: Api, rita: Principal) -> str:
    """A run that waits for rita."""
    started = api.post("runs", {"spec": spec_for(rita.id)})
    assert (started.status_code, started.json()["status"]) == (202, "queued")
    dispatch_all()
    found: str = started.json()["id"]
    return found


def test_a_run_waits_for_an_answer_and_goes_on_with_it(
    api: Api, run_id: str, rita: Principal
) -> None:
    assert api.get(f"runs/{run_id}").json()["status"] == "suspended"
    page = api.get(f"interactions?run_id={run_id}&status=pending").json()
    (pending,) = page["items"]
    assert pending["type"] == "approval"
    assert pending["message"] == "Approve document for publication?"

    answer = api_of(rita).post(
        f"interactions/{pending['id']}/respond",
        {"value": True, "comment": "Looks good."},
    )
    assert answer.json()["status"] == "completed"
    dispatch_all()

    run = api.get(f"runs/{run_id}").json()
    assert run["status"] == "completed"
    again = api.post(f"interactions/{pending['id']}/respond", {"value": True})
    assert again.status_code == 409


def test_a_cancelled_run_asks_no_longer(api: Api, run_id: str) -> None:
    api.post(f"runs/{run_id}/cancellations")
    dispatch_all()

    row = Interaction.objects.get(run_id=run_id)
    assert row.status == "cancelled"
    answer = api.post(f"interactions/{row.id}/respond", {"value": True})
    assert answer.status_code == 409
    assert answer.json()["details"]["status"] == "cancelled"


def test_a_wait_that_times_out_takes_its_question_along(api: Api, run_id: str) -> None:
    dispatch_all(clock.now() + timedelta(hours=25))

    assert Interaction.objects.get(run_id=run_id).status == "expired"
    assert api.get(f"runs/{run_id}").json()["status"] == "failed"


def test_a_signal_that_bypasses_the_question_withdraws_it(
    api: Api, run_id: str
) -> None:
    signal = {"name": "get-approval", "payload": True}
    assert api.post(f"runs/{run_id}/signals", signal).status_code == 202
    dispatch_all()

    assert api.get(f"runs/{run_id}").json()["status"] == "completed"
    assert Interaction.objects.get(run_id=run_id).status == "cancelled"


def test_the_run_says_which_question_it_waits_for(api: Api, run_id: str) -> None:
    asked = Interaction.objects.get(run_id=run_id)

    waits = api.get(f"runs/{run_id}").json()["wait_summary"]

    assert waits["kind_counts"] == {"interaction": 1}
    assert waits["interaction_ids"] == [asked.id]
    lines = RunEvent.objects.filter(run_id=run_id, type="wait.opened")
    assert lines.get().payload["interaction_id"] == asked.id
    asking = RunEvent.objects.get(run_id=run_id, type="interaction.requested").payload
    assert asking["interaction_id"] == asked.id
    assert (asking["step"], asking["protocol"]) == ("get-approval", "request_approval")
    assert asking["targets"] == [asked.target_id]
