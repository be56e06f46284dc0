"""What runs wait for: people, events, signals, time, somebody who resumes them."""

from typing import Any

import pytest

from apps.diagnosis.reasons import Code
from apps.identity.models import Project
from apps.runs.models import Wait
from tests.diagnosis.asking import diagnosis, only, reasons, start
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.factories import make_key, make_principal
from tests.support.linear import action, make_definition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]
AN_HOUR_LATER = "2026-05-04T13:00:00.000000Z"


def ask(*people: str, **more: Any) -> dict[str, Any]:
    """A step that asks people."""
    targets = [{"type": "user", "id": one} for one in people]
    question = {"type": "approval", "message": "Release?", "targets": targets}
    return {"name": "ok", "interaction": {**question, "timeout": "1h", **more}}


def test_who_has_to_answer_is_named(api: Api, project: Project) -> None:
    rita = make_principal(project, kind="human", name="rita", role="Operator")
    tom = make_principal(project, kind="human", name="tom", role="Operator")
    run_id = start(api, ask(rita.id, tom.id, resolution_policy="all_of"))

    reason = only(api, run_id)

    assert reason["code"] == Code.WAITING_FOR_INTERACTION
    assert (reason["step"], reason["until"]) == ("ok", AN_HOUR_LATER)
    assert reason["details"]["users"] == [
        {"id": rita.id, "name": "rita", "role": "responder"},
        {"id": tom.id, "name": "tom", "role": "responder"},
    ]
    assert reason["message"].startswith(
        "waits for rita, tom to answer interaction iact"
    )
    assert diagnosis(api, run_id)["status"] == "suspended"


def test_who_answered_already_is_not_waited_for(api: Api, project: Project) -> None:
    rita = make_principal(project, kind="human", name="rita", role="Operator")
    tom = make_principal(project, kind="human", name="tom", role="Operator")
    run_id = start(api, ask(rita.id, tom.id, resolution_policy="all_of"))
    question = only(api, run_id)["details"]["interaction_id"]
    as_tom = Api(project.handle, make_key(tom))
    answer = as_tom.post(f"interactions/{question}/respond", {"value": True})
    assert answer.status_code == 200, answer.json()

    assert [u["name"] for u in only(api, run_id)["details"]["users"]] == ["rita"]


def test_a_wait_for_an_event_says_which_and_where_it_is_explained(api: Api) -> None:
    wanted = {
        "event_type": "custom.order.*",
        "source_id": "shop",
        "match": {"event.order": "${inputs.order}"},
        "condition": "event.amount > 5",
        "timeout": "1h",
    }
    step = {"name": "paid", "wait_for_event": wanted}
    run_id = start(api, step, inputs={"order": "o-1"})
    wait = Wait.objects.get(run_id=run_id)

    reason = only(api, run_id)

    assert reason["code"] == Code.WAITING_FOR_EVENT
    assert reason["until"] == AN_HOUR_LATER
    assert reason["details"] == {
        "wait_id": wait.id,
        "event_type": "custom.order.*",
        "source_id": "shop",
        "match": {"event.order": "o-1"},
        "condition": "event.amount > 5",
        "listens_from": "2026-05-04T12:00:00.000000Z",
        "explain_page": f"/admin/runs/wait/{wait.id}/change/",
    }
    assert (
        "from shop where event.order is 'o-1' and event.amount > 5"
        in (reason["message"])
    )


def test_a_wait_for_a_signal_names_it(api: Api) -> None:
    step = {"name": "s", "wait_signal": {"topic": "approved", "timeout": "1h"}}

    reason = only(api, start(api, step))

    assert reason["code"] == Code.WAITING_FOR_SIGNAL
    assert (reason["details"]["signal"], reason["until"]) == ("approved", AN_HOUR_LATER)


def test_a_sleep_says_until_when(api: Api) -> None:
    reason = only(api, start(api, {"name": "s", "sleep": {"duration": "1h"}}))

    assert (reason["code"], reason["until"]) == (Code.SLEEPING, AN_HOUR_LATER)
    assert reason["message"] == "sleeps until 2026-05-04 13:00:00 UTC"


def test_a_pause_says_why(api: Api) -> None:
    reason = only(api, start(api, {"name": "p", "pause": {"reason": "look at it"}}))

    assert reason["code"] == Code.PAUSED
    assert reason["message"].endswith("resumes the run: look at it")
    assert "until" not in reason


def test_the_wall_clock_is_told_beside_what_is_waited_for(
    api: Api, project: Project
) -> None:
    limits = {"wall_clock_timeout": "1h"}
    make_definition(project, action("parse"), limits=limits)
    run_id = api.post("loops/nightly/runs").json()["id"]
    dispatch_all()

    found = reasons(api, run_id)

    assert list(found) == [Code.NO_WORKER, Code.DEADLINE]
    assert found[Code.DEADLINE]["until"] == AN_HOUR_LATER
