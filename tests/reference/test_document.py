"""The document is whole, and is what the code says."""

import re
from typing import Any

import jsonschema_rs
import pytest
from django.test import Client

from apps.api.reference import Operation, Part, nothing
from apps.api.schemas import example_of
from apps.jobs.reference_sockets import CODES
from apps.reference.contents import PARTS
from apps.reference.contract import CONTRACT
from apps.reference.document import as_yaml, document
from apps.reference.endpoints import Undeclared, endpoints
from apps.reference.refusals import refusals_of
from tests.contract.open_paths import OPEN
from tests.contract.permission_table import HELD, IN_PROJECT, OUTSIDE
from tests.contract.role_table import OF_ORGANIZATION
from tests.contract.worlds import PREFIX
from tests.support.reference import METHODS, closed_contract, resolved, validator_of

ROOT = CONTRACT.parents[2]
OPERATIONS = {
    (method.upper(), path): operation
    for path, item in document()["paths"].items()
    for method, operation in item.items()
    if method in METHODS
}


def every_part(part: Any, name: str) -> list[Any]:
    """Every value that stands under ``name``, wherever."""
    if isinstance(part, list):
        return [found for each in part for found in every_part(each, name)]
    if not isinstance(part, dict):
        return []
    inside = [found for each in part.values() for found in every_part(each, name)]
    return [part[name], *inside] if name in part else inside


def test_the_contract_is_what_the_code_says() -> None:
    # Otherwise: python3 manage.py openapi --write
    assert as_yaml() == CONTRACT.read_bytes()


def test_every_route_is_in_it_with_its_permission() -> None:
    asked = {
        **{
            (method, PREFIX + below): rule
            for (method, below), rule in IN_PROJECT.items()
        },
        **{(method, PREFIX + below): rule for (method, below), rule in HELD.items()},
        **OUTSIDE,
        **OF_ORGANIZATION,
    }
    open_to_all = {*OPEN, ("GET", "/healthz"), ("GET", "/readyz")}

    assert {*OPERATIONS} == {*asked, *open_to_all}
    for key, rule in asked.items():
        assert OPERATIONS[key]["x-permission"] == rule.permission.value
        assert rule.permission.value in OPERATIONS[key]["description"]
    for key in open_to_all:
        assert OPERATIONS[key]["security"] == []


def test_a_route_without_a_declaration_is_a_fault() -> None:
    first, *others = PARTS

    with pytest.raises(Undeclared, match=r"GET /v1/projects/\{project\}/workflows"):
        endpoints(others)
    assert first.title == "Workflows"


def test_a_declaration_without_a_route_is_a_fault() -> None:
    forgotten = Operation(id="forgotten", summary="", answers=nothing(""))
    part = Part(title="More", about="", operations={(Client, "get"): forgotten})

    with pytest.raises(Undeclared, match="forgotten"):
        endpoints((*PARTS, part))


def test_every_operation_has_an_id_of_its_own_and_says_what_it_does() -> None:
    ids = [operation["operationId"] for operation in OPERATIONS.values()]

    assert len(set(ids)) == len(ids)
    for operation in OPERATIONS.values():
        assert operation["summary"]
        assert all(
            resolved(each)["description"] for each in operation["responses"].values()
        )


def test_the_operations_that_guides_name_are_called_so() -> None:
    ids = {operation["operationId"] for operation in OPERATIONS.values()}

    assert {"createWorkflow", "startRun", "respondToInteraction"} <= ids


def test_every_parameter_of_a_path_is_described() -> None:
    for (_, path), _operation in OPERATIONS.items():
        told = [resolved(each) for each in document()["paths"][path]["parameters"]]
        names = {each["name"] for each in told if each["description"]}
        assert names == set(re.findall(r"{(\w+)}", path))


def test_every_reference_leads_somewhere_and_every_schema_is_used() -> None:
    pointers = set(every_part(document(), "$ref"))

    assert all(resolved({"$ref": pointer}) for pointer in pointers)
    for kind in ("schemas", "parameters", "headers"):
        named = {
            f"#/components/{kind}/{name}" for name in document()["components"][kind]
        }
        assert named <= pointers, kind


def test_every_schema_is_one() -> None:
    for schema in every_part(closed_contract(), "schema"):
        jsonschema_rs.meta.validate(schema)
    for schema in document()["components"]["schemas"].values():
        jsonschema_rs.meta.validate(schema)


def test_every_example_is_what_its_schema_says() -> None:
    schemas = document()["components"]["schemas"]
    for name, schema in closed_contract()["components"]["schemas"].items():
        example = example_of(schemas[name], schemas)
        assert [*validator_of(schema).iter_errors(example)] == [], name
    for key, operation in OPERATIONS.items():
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for part in bodies:
            for media in resolved(part).get("content", {}).values():
                shown = [each["value"] for each in media.get("examples", {}).values()]
                for example in shown or [media["example"]]:
                    validator = validator_of(media["schema"])
                    assert [*validator.iter_errors(example)] == [], key


def test_what_an_archived_project_refuses_is_in_it() -> None:
    refused = {
        each.id
        for each in endpoints()
        if "project_archived" in {refusal.code for refusal in refusals_of(each)}
    }

    assert {"startRun", "createApiKey", "updateProject", "updateRetention"} <= refused
    may_happen = {"listRuns", "completeJob", "revokeApiKey", "restoreProject"}
    assert refused & may_happen == set()
    assert may_happen <= {each.id for each in endpoints()}


def test_every_code_of_an_error_is_in_it() -> None:
    told = {refusal.code for each in endpoints() for refusal in refusals_of(each)}
    told |= {*CODES} - {"invalid_actor", "internal_error"}
    said = {
        code
        for file in (ROOT / "apps").rglob("*.py")
        if "inbox" not in file.parts and "reference" not in file.stem
        for code in re.findall(r"\bcode(?:: str)? ?= ?\"([a-z_]+)\"", file.read_text())
    }
    # Of pages; of statuses that are told once for all; of an error without a class.
    elsewhere = {"link_expired", "internal_error", "method_not_allowed", "error"}

    assert said - elsewhere <= told
    others = {"external_id_conflict", "idempotency_key_conflict", "upgrade_required"}
    assert told - said <= others
