"""POST /workflows."""

from typing import Any

import pytest

from apps.identity.models import Project
from apps.workflows.models import Spec, Workflow, WorkflowVersion
from tests.support.api import Api
from tests.support.factories import make_api, make_project
from tests.workflows.conftest import Create, spec_of


def test_the_guide_s_workflow_is_created_with_version_1(
    api: Api, project: Project
) -> None:
    spec = {
        "name": "ingest-document",
        "steps": [
            {"name": "parse", "action": "doc.parse"},
            {"name": "index", "action": "doc.index"},
        ],
    }

    answer = api.post("workflows", {"name": "Ingest document", "spec": spec})

    assert answer.status_code == 201
    made = answer.json()
    assert made["id"].startswith("aut_")
    assert made["name"] == "Ingest document"
    assert made["handle"] == "ingest-document"
    assert made["latest_version"] == 1
    assert made["published_as_tool"] is False
    assert made["tags"] == {}
    assert made["spec"] == spec
    assert made["created_by"].startswith("prin_")
    assert made["created_at"] == made["updated_at"]
    assert WorkflowVersion.objects.get(workflow_id=made["id"]).version == 1


def test_a_spec_comes_back_as_it_was_sent_defaults_not_filled_in(
    create: Create, api: Api
) -> None:
    spec: dict[str, Any] = {
        **spec_of("doc.parse"),
        "state": {"n": 1.5, "none": None, "list": [1, "ä", {"deep": True}]},
    }

    made = create(spec=spec)

    assert api.get(f"workflows/{made['id']}").json()["spec"] == spec


@pytest.mark.parametrize(
    ("name", "handle"),
    [
        ("Ingest document", "ingest-document"),
        ("  Über_Prüfung: 100 % ", "uber-prufung-100"),
        ("---", "workflow"),
        ("文書", "workflow"),
        ("x" * 128, "x" * 63),
    ],
)
def test_a_handle_is_derived_from_the_name(
    create: Create, name: str, handle: str
) -> None:
    assert create(name=name)["handle"] == handle


def test_a_derived_handle_that_is_taken_is_numbered(create: Create) -> None:
    handles = [create(name=f"Ingest{'!' * n}")["handle"] for n in range(4)]

    assert handles == ["ingest", "ingest-2", "ingest-3", "ingest-4"]


def test_a_long_derived_handle_keeps_room_for_its_number(create: Create) -> None:
    create(name="y" * 63)
    second = create(name="y" * 64)["handle"]

    assert second == "y" * 55 + "-2"


def test_handles_are_unique_in_the_organization_names_only_in_the_project(
    create: Create, project: Project
) -> None:
    first = create()
    neighbour = Project.objects.create(
        organization=project.organization,
        name="labs",
        handle="labs",
        created_at=project.created_at,
        updated_at=project.created_at,
    )
    body = {"name": "Ingest document", "spec": spec_of("a")}

    there = make_api(neighbour, role="Admin").post("workflows", body).json()
    elsewhere = make_api(make_project("other"), role="Admin").post("workflows", body)

    assert first["handle"] == elsewhere.json()["handle"] == "ingest-document"
    assert there["handle"] == "ingest-document-2"


def test_an_explicit_handle_that_is_taken_is_a_conflict_naming_it(
    create: Create, api: Api
) -> None:
    create(handle="ingest")

    answer = api.post(
        "workflows", {"name": "Other", "handle": "ingest", "spec": spec_of("a")}
    )

    assert answer.status_code == 409
    assert answer.json()["details"]["path"] == "handle"
    assert "handle" in answer.json()["message"]
    assert Workflow.objects.count() == 1


def test_the_same_name_again_is_a_conflict_that_points_to_patch(
    create: Create, api: Api
) -> None:
    create()

    answer = api.post("workflows", {"name": "Ingest document", "spec": spec_of("a")})

    assert answer.status_code == 409
    assert "PATCH" in answer.json()["message"]
    assert answer.json()["error"]["code"] == "conflict"
    assert answer.json()["details"]["path"] == "name"


def test_a_refused_workflow_leaves_nothing_behind(create: Create, api: Api) -> None:
    create()
    api.post("workflows", {"name": "Ingest document", "spec": spec_of("other")})

    assert Workflow.objects.count() == WorkflowVersion.objects.count() == 1
    assert Spec.objects.count() == 1


def test_every_problem_is_listed_with_its_path_at_once(api: Api) -> None:
    body = {
        "handle": 7,
        "colour": "red",
        "tags": {"mobius:x": "y"},
        "spec": {"name": "n", "steps": [{"name": "a"}, {"name": "b", "wat": 1}]},
    }

    answer = api.post("workflows", body)

    assert answer.status_code == 400
    paths = {field["path"] for field in answer.json()["details"]["fields"]}
    assert {"name", "handle", "colour", "tags.mobius:x", "spec.steps[0]"} <= paths
    assert any(path.startswith("spec.steps[1]") for path in paths)
    assert Workflow.objects.count() == 0


def test_a_spec_with_several_problems_names_them_all(api: Api) -> None:
    spec = {"name": "n", "steps": [{"name": "a"}, {"name": "a", "action": "x"}]}

    answer = api.post("workflows", {"name": "n", "spec": spec})

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_spec"
    assert len(answer.json()["details"]["fields"]) >= 2


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 129}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"spec": []}, "spec"),
        ({"spec": None}, "spec"),
        ({"handle": "Not A Handle"}, "handle"),
        ({"handle": "a--b"}, "handle"),
        ({"description": 1}, "description"),
        ({"published_as_tool": "yes"}, "published_as_tool"),
        ({"tags": ["a"]}, "tags"),
        ({"tags": {"a": 1}}, "tags.a"),
        ({"tags": {str(n): "" for n in range(9)}}, "tags"),
        ({"id": "aut_1"}, "id"),
    ],
)
def test_a_field_that_is_wrong_is_named(
    api: Api, fields: dict[str, Any], path: str
) -> None:
    body = {"name": "Ingest", "spec": spec_of("a"), **fields}

    answer = api.post("workflows", body)

    assert answer.status_code == 400
    assert path in {field["path"] for field in answer.json()["details"]["fields"]}


def test_a_repeated_request_with_an_idempotency_key_creates_one(api: Api) -> None:
    body = {"name": "Ingest", "spec": spec_of("a")}

    first = api.post("workflows", body, **{"Idempotency-Key": "k"})
    again = api.post("workflows", body, **{"Idempotency-Key": "k"})

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert Workflow.objects.count() == 1


def test_equal_specs_are_stored_once(create: Create) -> None:
    create("one")
    create("two")

    assert Spec.objects.count() == 1
