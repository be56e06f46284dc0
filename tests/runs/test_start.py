"""Starting runs: what is accepted, what is refused, what happens once."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.runs.models import Run
from apps.source_events.models import SourceEvent
from tests.support.api import Api
from tests.support.specs import ONE_STEP, TWO_STEPS, action, spec

pytestmark = pytest.mark.django_db


def paths(answer: Any) -> list[str]:
    return [field["path"] for field in answer.json()["details"]["fields"]]


def create_workflow(api: Api, authored: dict[str, Any] = TWO_STEPS) -> str:
    body = {"name": "Ingest document", "spec": authored}
    return str(api.post("workflows", body).json()["id"])


def test_a_saved_definition_starts_at_its_latest_version(api: Api) -> None:
    workflow = create_workflow(api)
    api.patch(f"workflows/{workflow}", {"spec": ONE_STEP})

    run = api.post("runs", {"definition_id": workflow}).json()

    assert (run["definition_id"], run["definition_version"]) == (workflow, 2)
    assert run["ephemeral"] is False
    assert api.get(f"runs/{run['id']}").json()["spec"] == ONE_STEP


def test_a_run_keeps_the_version_it_started_with(api: Api) -> None:
    workflow = create_workflow(api)
    run_id = api.post("runs", {"definition_id": workflow}).json()["id"]

    api.patch(f"workflows/{workflow}", {"spec": ONE_STEP})
    api.delete(f"workflows/{workflow}")

    assert api.get(f"runs/{run_id}").json()["spec"] == TWO_STEPS


def test_an_inline_spec_makes_an_ephemeral_run(api: Api) -> None:
    body = {
        "spec": ONE_STEP,
        "external_id": "doc-abc123",
        "inputs": {"doc_url": "https://example.com/doc.pdf"},
        "metadata": {"team": "search"},
    }

    answer = api.post("runs", body)

    run = answer.json()
    assert (answer.status_code, run["status"]) == (202, "queued")
    assert (run["ephemeral"], run["queue"], run["attempt"]) == (True, "default", 1)
    assert {name: run[name] for name in ("inputs", "metadata", "external_id")} == {
        name: body[name] for name in ("inputs", "metadata", "external_id")
    }


@pytest.mark.parametrize("body", [{}, {"definition_id": "aut_x", "spec": ONE_STEP}])
def test_both_or_neither_of_definition_and_spec_is_400(
    api: Api, body: dict[str, Any]
) -> None:
    answer = api.post("runs", body)

    assert answer.status_code == 400
    assert "exactly one" in answer.json()["message"]
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"spec": ONE_STEP, "inputs": []}, "inputs"),
        ({"spec": ONE_STEP, "queue": 3}, "queue"),
        ({"spec": ONE_STEP, "metadata": {"n": 1}}, "metadata.n"),
        ({"spec": ONE_STEP, "surprise": 1}, "surprise"),
        ({"spec": {"name": "x", "steps": [{"name": "a"}]}}, "spec.steps[0]"),
        ({"spec": {"name": "x", "steps": []}}, "spec.steps"),
    ],
)
def test_a_bad_field_is_named(api: Api, body: dict[str, Any], path: str) -> None:
    answer = api.post("runs", body)

    assert answer.status_code == 400
    assert path in paths(answer)
    assert not Run.objects.exists()


def test_declared_inputs_are_checked_and_filled(api: Api) -> None:
    declared = [
        {"name": "url", "type": "string"},
        {"name": "depth", "type": "integer", "default": 2},
    ]
    flow = spec(action("parse"), inputs=declared)

    missing = api.post("runs", {"spec": flow})
    unknown = api.post("runs", {"spec": flow, "inputs": {"url": "x", "other": 1}})
    filled = api.post("runs", {"spec": flow, "inputs": {"url": "x"}})

    assert paths(missing) == ["inputs.url"]
    assert paths(unknown) == ["inputs.other"]
    assert filled.json()["inputs"] == {"url": "x", "depth": 2}


def test_an_unknown_definition_is_404(api: Api, stranger: Api) -> None:
    theirs = create_workflow(stranger)

    assert api.post("runs", {"definition_id": theirs}).status_code == 404


def test_the_path_of_a_workflow_starts_it(api: Api) -> None:
    workflow = create_workflow(api)

    run = api.post(f"workflows/{workflow}/runs", {"inputs": {"n": 1}})

    assert (run.status_code, run.json()["definition_id"]) == (202, workflow)
    refused = api.post(f"workflows/{workflow}/runs", {"spec": ONE_STEP})
    assert (refused.status_code, paths(refused)) == (400, ["spec"])
    listed = api.get(f"workflows/{workflow}/runs").json()["items"]
    assert [item["id"] for item in listed] == [run.json()["id"]]


def test_the_same_key_and_request_start_one_run(api: Api) -> None:
    headers = {"Idempotency-Key": "order-7"}

    first = api.post("runs", {"spec": ONE_STEP}, **headers)
    second = api.post("runs", {"spec": ONE_STEP}, **headers)

    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert Run.objects.count() == SourceEvent.objects.count() == 1


def test_the_same_key_with_another_request_is_409(api: Api) -> None:
    headers = {"Idempotency-Key": "order-7"}
    api.post("runs", {"spec": ONE_STEP}, **headers)

    other = api.post("runs", {"spec": TWO_STEPS}, **headers)

    assert other.status_code == 409
    assert other.json()["code"] == "idempotency_key_conflict"


def test_an_external_id_is_a_label_and_not_a_lock(api: Api) -> None:
    body = {"spec": ONE_STEP, "external_id": "same"}
    ids = {api.post("runs", body).json()["id"] for _ in range(2)}

    found = api.get("runs?external_id=same").json()["items"]

    assert {run["id"] for run in found} == ids


@pytest.mark.parametrize(
    ("role", "status"),
    [("Admin", 202), ("Operator", 202), ("Viewer", 403), ("Worker", 403)],
)
def test_who_may_start(api_as: Callable[[str], Api], role: str, status: int) -> None:
    assert api_as(role).post("runs", {"spec": ONE_STEP}).status_code == status
