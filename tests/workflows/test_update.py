"""PATCH and DELETE /workflows/{id}."""

from typing import Any

import pytest

from apps.identity.models import Project
from apps.kernel import clock
from apps.runs.models import Run
from apps.workflows.models import Spec, Workflow, WorkflowVersion
from apps.workflows.selectors import find_workflow, latest_spec, runnable
from tests.support.api import Api
from tests.support.drive import b64, claim, dispatch_all
from tests.workflows.conftest import Create, spec_of


def test_a_changed_spec_makes_the_next_version(create: Create, api: Api) -> None:
    made = create()
    changed = spec_of("doc.parse", "doc.embed")

    answer = api.patch(f"workflows/{made['id']}", {"spec": changed})

    assert answer.status_code == 200
    assert answer.json()["latest_version"] == 2
    assert answer.json()["spec"] == changed
    assert answer.json()["updated_at"] > made["updated_at"]
    versions = WorkflowVersion.objects.filter(workflow_id=made["id"])
    assert sorted(versions.values_list("version", flat=True)) == [1, 2]


def test_an_equal_spec_makes_no_version_and_touches_nothing(
    create: Create, api: Api
) -> None:
    made = create()
    reordered = dict(reversed(list(made["spec"].items())))

    answer = api.patch(f"workflows/{made['id']}", {"spec": reordered})

    assert answer.status_code == 200
    assert answer.json() == made


def test_the_other_fields_change_without_a_version(create: Create, api: Api) -> None:
    made = create(description="old", tags={"team": "a", "tier": "1"})
    changes = {
        "name": "Ingest everything",
        "description": "",
        "published_as_tool": True,
        "tags": {"team": "b"},
    }

    answer = api.patch(f"workflows/{made['handle']}", changes).json()

    assert answer["name"] == "Ingest everything"
    assert "description" not in answer
    assert answer["published_as_tool"] is True
    assert answer["tags"] == {"team": "b"}
    assert answer["latest_version"] == 1
    assert answer["handle"] == made["handle"]


def test_going_back_to_an_older_spec_is_a_new_version(create: Create, api: Api) -> None:
    made = create()
    path = f"workflows/{made['id']}"
    api.patch(path, {"spec": spec_of("other")})

    assert api.patch(path, {"spec": made["spec"]}).json()["latest_version"] == 3
    assert Spec.objects.count() == 2


def test_expected_version_guards_against_a_lost_update(
    create: Create, api: Api
) -> None:
    path = f"workflows/{create()['id']}"

    first = api.patch(path, {"spec": spec_of("x"), "expected_version": 1})
    late = api.patch(path, {"spec": spec_of("y"), "expected_version": 1})

    assert first.json()["latest_version"] == 2
    assert late.status_code == 409
    assert late.json()["details"] == {"path": "expected_version", "latest_version": 2}
    assert api.get(path).json()["spec"] == spec_of("x")


def test_a_name_that_is_taken_is_a_conflict(create: Create, api: Api) -> None:
    create("one")
    second = create("two")

    answer = api.patch(f"workflows/{second['id']}", {"name": "one"})

    assert answer.status_code == 409
    assert api.get(f"workflows/{second['id']}").json() == second


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"handle": "new"}, "handle"),
        ({"latest_version": 7}, "latest_version"),
        ({"name": ""}, "name"),
        ({"tags": "x"}, "tags"),
        ({"expected_version": "1"}, "expected_version"),
        ({"name": 1, "spec": {"name": "n", "steps": [{}]}}, "spec.steps[0].name"),
    ],
)
def test_a_wrong_change_is_named_and_changes_nothing(
    create: Create, api: Api, changes: dict[str, Any], path: str
) -> None:
    made = create()

    answer = api.patch(f"workflows/{made['id']}", changes)

    assert answer.status_code == 400
    assert path in {field["path"] for field in answer.json()["details"]["fields"]}
    assert api.get(f"workflows/{made['id']}").json() == made


def test_an_empty_change_answers_what_is(create: Create, api: Api) -> None:
    made = create()

    assert api.patch(f"workflows/{made['id']}", {}).json() == made


def test_delete_takes_the_workflow_and_frees_its_name(create: Create, api: Api) -> None:
    made = create()

    assert api.delete(f"workflows/{made['handle']}").status_code == 204

    assert api.get(f"workflows/{made['id']}").status_code == 404
    assert api.delete(f"workflows/{made['id']}").status_code == 404
    assert WorkflowVersion.objects.count() == 0
    again = create()
    assert again["handle"] == made["handle"]
    assert again["id"] != made["id"]


def test_a_run_in_flight_outlives_a_change_and_the_deletion_of_its_workflow(
    create: Create, api: Api, project: Project
) -> None:
    made = create()
    run_id = api.post("runs", {"definition_id": made["id"]}).json()["id"]
    dispatch_all()
    api.patch(f"workflows/{made['id']}", {"spec": spec_of("something.else")})
    assert api.delete(f"workflows/{made['id']}").status_code == 204

    for action in ("doc.parse", "doc.index"):
        job = claim(project.id)
        assert job is not None
        assert job["action"] == action
        report = {
            "worker_id": "w1",
            "attempt": job["attempt"],
            "status": "completed",
            "result_b64": b64(action),
        }
        api.post(f"jobs/{job['job_id']}/complete", report)
        dispatch_all()

    assert Run.objects.get(pk=run_id).status == "completed"
    assert Workflow.objects.count() == 0


def test_runnable_is_one_query_and_names_the_latest_version(
    create: Create, api: Api, project: Project, django_assert_num_queries: Any
) -> None:
    made = create()
    api.patch(f"workflows/{made['id']}", {"spec": spec_of("x")})

    with django_assert_num_queries(1):
        found = runnable(project.id, made["id"])

    assert runnable(project.id, made["handle"]) == found
    assert (found.workflow_id, found.version) == (made["id"], 2)
    workflow = find_workflow(project.id, made["id"])
    assert found.spec_digest == latest_spec(workflow)
    assert workflow.updated_at <= clock.now()
