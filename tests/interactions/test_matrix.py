"""The approval matrix, first part: each way to answer, asked over the API, from a job
and by a step, and answered over the API. Browser and link: ``tests/inbox``."""

from typing import Any

from apps.identity.models import Principal, Project
from apps.source_events.models import SourceEvent
from tests.interactions.scenes import (
    CONFIRM,
    FORM,
    MULTI_SELECT,
    SELECT,
    TEXT,
    USE,
    VERDICT,
    Mode,
    answer,
    next_step,
    pending,
    shown,
    start,
    step,
    user,
)
from tests.support.api import Api
from tests.support.drive import claim, dispatch_all
from tests.support.specs import action, spec


def refused_then_taken(
    rita: Principal, question: dict[str, Any], mode: Mode
) -> dict[str, Any]:
    """A wrong answer names what is wrong and changes nothing; a right one counts."""
    refused = answer(rita, question, mode.wrong)
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_request")
    assert refused.json()["details"]["path"] == mode.path
    assert "expected" in refused.json()["message"]
    taken = answer(rita, question, mode.right, comment="So be it.")
    assert taken.status_code == 200, taken.content
    done = dict(taken.json())
    assert (done["status"], done["response"]["value"]) == ("completed", mode.right)
    assert answer(rita, question, mode.right).status_code == 409
    return done


def asked_over_the_api(api: Api, rita: Principal, mode: Mode) -> None:
    body = {
        "type": mode.type,
        "message": "Well?",
        "spec": mode.spec,
        "target_actor": {"type": "member", "id": rita.id},
    }
    made = api.post("interactions", body)
    assert made.status_code == 201, made.content

    done = refused_then_taken(rita, made.json(), mode)

    assert shown(api, done) == done
    fact = SourceEvent.objects.get(event_type="interaction.resolved")
    assert fact.event["response"]["value"] == mode.right
    assert fact.meta["responder_id"] == rita.id


def asked_from_a_job(api: Api, project: Project, rita: Principal, mode: Mode) -> None:
    authored = spec(action("work"), VERDICT, USE)
    api.post("runs", {"spec": authored})
    dispatch_all()
    job = claim(project.id, "w1")
    assert job is not None
    fence = {"worker_id": "w1", "attempt": job["attempt"]}
    body = {
        "type": mode.type,
        "message": "Well?",
        "spec": mode.spec,
        "target_actor": {"type": "member", "id": rita.id},
        "signal_name": "verdict",
    }
    made = api.post(f"jobs/{job['job_id']}/interactions", {**body, **fence})
    assert made.status_code == 201, made.content
    done = {"status": "completed", **fence}
    assert api.post(f"jobs/{job['job_id']}/complete", done).status_code == 204
    dispatch_all()

    refused_then_taken(rita, made.json(), mode)

    assert_used(project, rita, mode)


def asked_by_a_step(api: Api, project: Project, rita: Principal, mode: Mode) -> None:
    run_id = start(api, step(user(rita), type=mode.type, spec=mode.spec))

    refused_then_taken(rita, pending(api, run_id), mode)

    assert_used(project, rita, mode)


def assert_used(project: Project, rita: Principal, mode: Mode) -> None:
    assert next_step(project) == {
        "status": "completed",
        "value": mode.right,
        "comment": "So be it.",
        "responder": rita.id,
    }


# --- Asked over the API -----------------------------------------------------------


def test_a_confirmation_is_asked_over_the_api(api: Api, rita: Principal) -> None:
    asked_over_the_api(api, rita, CONFIRM)


def test_a_choice_is_asked_over_the_api(api: Api, rita: Principal) -> None:
    asked_over_the_api(api, rita, SELECT)


def test_several_choices_are_asked_over_the_api(api: Api, rita: Principal) -> None:
    asked_over_the_api(api, rita, MULTI_SELECT)


def test_a_text_is_asked_over_the_api(api: Api, rita: Principal) -> None:
    asked_over_the_api(api, rita, TEXT)


def test_a_form_is_asked_over_the_api(api: Api, rita: Principal) -> None:
    asked_over_the_api(api, rita, FORM)


# --- Asked from a job -------------------------------------------------------------


def test_a_confirmation_is_asked_from_a_job(
    api: Api, project: Project, rita: Principal
) -> None:
    asked_from_a_job(api, project, rita, CONFIRM)


def test_a_choice_is_asked_from_a_job(
    api: Api, project: Project, rita: Principal
) -> None:
    asked_from_a_job(api, project, rita, SELECT)


def test_several_choices_are_asked_from_a_job(
    api: Api, project: Project, rita: Principal
) -> None:
    asked_from_a_job(api, project, rita, MULTI_SELECT)


def test_a_text_is_asked_from_a_job(
    api: Api, project: Project, rita: Principal
) -> None:
    asked_from_a_job(api, project, rita, TEXT)


def test_a_form_is_asked_from_a_job(
    api: Api, project: Project, rita: Principal
) -> None:
    asked_from_a_job(api, project, rita, FORM)


# --- Asked by a step --------------------------------------------------------------


def test_a_confirmation_is_asked_by_a_step(
    api: Api, project: Project, rita: Principal
) -> None:
    asked_by_a_step(api, project, rita, CONFIRM)


def test_a_choice_is_asked_by_a_step(
    api: Api, project: Project, rita: Principal
) -> None:
    asked_by_a_step(api, project, rita, SELECT)


def test_several_choices_are_asked_by_a_step(
    api: Api, project: Project, rita: Principal
) -> None:
    asked_by_a_step(api, project, rita, MULTI_SELECT)


def test_a_text_is_asked_by_a_step(api: Api, project: Project, rita: Principal) -> None:
    asked_by_a_step(api, project, rita, TEXT)


def test_a_form_is_asked_by_a_step(api: Api, project: Project, rita: Principal) -> None:
    asked_by_a_step(api, project, rita, FORM)


# --- The answer in conditions -----------------------------------------------------


def test_a_rejection_is_an_answer_that_conditions_branch_on(
    api: Api, project: Project, rita: Principal
) -> None:
    branches = [
        {"step": "publish", "condition": "state.answer.value == true"},
        {"step": "use", "condition": "state.answer.value == false"},
    ]
    asked = {**step(user(rita)), "next": branches}
    run_id = start(api, asked, action("publish", next=[]))

    assert answer(rita, pending(api, run_id), False).status_code == 200

    assert next_step(project)["value"] is False
