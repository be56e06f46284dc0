"""How runs ended, and what it takes to let them go on."""

import pytest
from django.conf import LazySettings

from apps.diagnosis.reasons import Code
from apps.identity.models import Project
from apps.run_events.models import RunEvent
from tests.diagnosis.asking import diagnosis, only, reasons, report, start
from tests.support.api import Api
from tests.support.drive import claim, dispatch_all
from tests.support.frozen import FrozenClock
from tests.support.linear import action as linear_action
from tests.support.linear import make_definition
from tests.support.specs import NO_RETRY, action

pytestmark = pytest.mark.django_db


def test_a_completed_run_says_so(api: Api, project: Project) -> None:
    run_id = start(api, action("a"))
    report(api, project)

    found = diagnosis(api, run_id)

    assert found["summary"] == "The run completed."
    (reason,) = found["reasons"]
    assert reason["code"] == Code.COMPLETED
    assert reason["details"] == {
        "stop_reason": "completed",
        "retry": {"possible": False},
    }


def test_a_failed_run_tells_step_error_and_how_it_goes_on(
    api: Api, project: Project
) -> None:
    run_id = start(api, action("a"), action("b", retry=NO_RETRY))
    report(api, project)
    report(api, project, status="failed", error_type="io", error_message="no disk")

    reason = only(api, run_id)

    assert (reason["code"], reason["step"]) == (Code.FAILED, "b")
    assert reason["details"] == {
        "stop_reason": "step_failed",
        "error_type": "io",
        "error": "no disk",
        "retry": {"possible": True, "call": "POST runs/retries", "needs": []},
    }
    assert reason["message"] == (
        "failed at step b, io: no disk; it can go on there by POST runs/retries"
    )
    RunEvent.objects.filter(run_id=run_id).delete()
    assert only(api, run_id)["step"] == "b"


def test_a_run_beyond_its_wall_clock_needs_more_of_it(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    limits = {"wall_clock_timeout": "1h"}
    make_definition(project, linear_action("a"), limits=limits)
    run_id = api.post("loops/nightly/runs").json()["id"]
    dispatch_all()
    frozen.tick(hours=1, seconds=1)
    dispatch_all()

    retry = only(api, run_id)["details"]["retry"]

    assert retry["call"] == f"POST runs/{run_id}/retry"
    (need,) = retry["needs"]
    assert need.startswith("wall_clock_extend_seconds")


def test_a_run_beyond_its_budget_needs_a_larger_one(api: Api, project: Project) -> None:
    make_definition(project, linear_action("a"))
    run_id = api.post("loops/nightly/runs", {"credit_budget": 10}).json()["id"]
    dispatch_all()
    used = {"category": "tokens", "quantity": 9, "credits": 12}
    assert api.post(f"runs/{run_id}/usage", used).json()["status"] == "failed"

    reason = only(api, run_id)

    assert reason["details"]["stop_reason"] == "budget_exceeded"
    assert reason["details"]["retry"]["needs"] == [
        "credit_budget above the 12 that were spent"
    ]


def test_a_run_beyond_its_room_says_what_would_help(
    api: Api, project: Project, settings: LazySettings
) -> None:
    settings.STATE_BYTES_MAX = 500
    run_id = start(api, action("a", store="a"), action("b"))
    report(api, project, "x" * 1000)

    (need,) = only(api, run_id)["details"]["retry"]["needs"]

    assert "MOBIUS_STATE_BYTES_MAX" in need


def test_a_cancelled_run_tells_the_reason_and_who_still_works_on_it(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    run_id = start(api, action("a"))
    assert claim(project.id, "w7") is not None
    api.post(f"runs/{run_id}/cancellations", {"reason": "wrong file"})

    found = reasons(api, run_id)

    assert list(found) == [Code.CANCELLED, Code.JOB_STOPPING]
    assert "wrong file" in found[Code.CANCELLED]["message"]
    stopping = found[Code.JOB_STOPPING]
    assert (stopping["details"]["worker_id"], stopping["step"]) == ("w7", "a")
    assert stopping["until"] == "2026-05-04T12:01:00.000000Z"
    assert diagnosis(api, run_id)["summary"].startswith("The run cancelled: wrong file")
