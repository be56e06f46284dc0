"""What the document says of requests, against what the code reads of them."""

from typing import Any

import pytest
from django.http import QueryDict
from django.http.request import HttpHeaders
from rest_framework.request import Request
from rest_framework.test import APIClient

from apps.api.body import Body
from apps.api.schemas import example_of
from tests.contract.permission_table import IN_PROJECT
from tests.contract.worlds import PREFIX, World, make_world
from tests.support.factories import make_api
from tests.support.reference import closed_contract, contract, resolved, validator_of

#: Other words for what is there already: given with it they are refused.
OTHER_WORDS = {"budget_usd", "kind", "title", "target_user_ids"}
#: Read to refuse it in words of its own: the handle of a group never changes.
REFUSED = {("PATCH", "/groups/{group}"): {"handle"}}


class Reader:
    """Sends requests and notes what the server reads of them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.key = make_api(world.project, role="Owner").key
        self.fields: set[str] = set()
        self.query: set[str] = set()
        self.headers: set[str] = set()

    def send(self, method: str, below: str, body: Any = None) -> Any:
        """One request, its readings alone."""
        for noted in (self.fields, self.query, self.headers):
            noted.clear()
        send = getattr(APIClient(), method.lower())
        headers = {"Authorization": f"Bearer {self.key}"}
        return send(self.world.path(below), body, format="json", headers=headers)


@pytest.fixture
def reader(db: None, monkeypatch: pytest.MonkeyPatch) -> Reader:
    """The readings come from where everything is read."""
    reader = Reader(make_world("acme"))
    value, item = Body.value, HttpHeaders.__getitem__

    def note_field(body: Body, field: str, **more: Any) -> Any:
        if body.path_of("") == "":
            reader.fields.add(field)
        return value(body, field, **more)

    def note_header(headers: HttpHeaders, name: str) -> Any:
        reader.headers.add(name)
        return item(headers, name)

    class Noted(QueryDict):
        def get(self, name: Any, default: Any = None) -> Any:
            reader.query.add(name)
            return super().get(name, default)

        def __getitem__(self, name: Any) -> Any:
            reader.query.add(name)
            return super().__getitem__(name)

        def getlist(self, name: Any, default: Any = None) -> Any:
            reader.query.add(name)
            return super().getlist(name, default)

    def query_of(request: Request) -> QueryDict:
        return Noted(request.META["QUERY_STRING"])

    monkeypatch.setattr(Body, "value", note_field)
    monkeypatch.setattr(HttpHeaders, "__getitem__", note_header)
    monkeypatch.setattr(Request, "query_params", property(query_of))
    return reader


def operation_of(method: str, below: str) -> dict[str, Any]:
    return dict(contract()["paths"][PREFIX + below][method.lower()])


def declared_fields(operation: dict[str, Any]) -> set[str]:
    """The fields of a body, of all forms that it may have."""
    if "requestBody" not in operation:
        return set()
    schema = resolved(operation["requestBody"]["content"]["application/json"]["schema"])
    forms = [resolved(form) for form in schema.get("anyOf", [schema])]
    return {name for form in forms for name in form["properties"]}


def parameters(operation: dict[str, Any], place: str) -> set[str]:
    told = [resolved(each) for each in operation["parameters"]]
    return {each["name"] for each in told if each["in"] == place}


def routes(*methods: str) -> list[tuple[str, str]]:
    """What deletes comes last."""
    chosen = [route for route in IN_PROJECT if route[0] in methods]
    return sorted(chosen, key=lambda route: route[0] == "DELETE")


def test_every_field_that_is_read_is_declared(reader: Reader) -> None:
    for method, below in routes("POST", "PATCH"):
        rule = IN_PROJECT[method, below]
        declared = declared_fields(operation_of(method, below))
        reader.send(method, below, reader.world.body(rule) or {})

        refused = REFUSED.get((method, below), set())
        assert reader.fields - refused <= declared, below


def test_every_field_that_is_declared_is_known(reader: Reader) -> None:
    schemas = contract()["components"]["schemas"]
    for method, below in routes("POST", "PATCH"):
        operation = operation_of(method, below)
        if "requestBody" not in operation:
            continue
        schema = resolved(
            operation["requestBody"]["content"]["application/json"]["schema"]
        )
        for form in (resolved(each) for each in schema.get("anyOf", [schema])):
            whole = {
                name: example_of(each, schemas)
                for name, each in form["properties"].items()
                if name not in OTHER_WORDS
            }
            answer = reader.send(method, below, whole)
            told = answer.json() if answer.content else {}
            fields = told.get("details", {}).get("fields", [])
            unknown = {each["path"] for each in fields if "unknown" in each["message"]}
            assert unknown & whole.keys() == set(), below


def test_what_the_table_sends_is_what_the_document_takes(reader: Reader) -> None:
    for (method, below), rule in IN_PROJECT.items():
        operation = closed_contract()["paths"][PREFIX + below][method.lower()]
        if rule.body is None:
            assert not operation.get("requestBody", {}).get("required"), below
            continue
        if "requestBody" in operation:
            media = operation["requestBody"]["content"]["application/json"]
            body = reader.world.body(rule)
            assert [*validator_of(media["schema"]).iter_errors(body)] == [], below
        else:
            assert rule.body == {}


def test_every_query_parameter_is_declared_and_read(reader: Reader) -> None:
    for method, below in routes("GET"):
        reader.send(method, below)

        assert reader.query == parameters(operation_of(method, below), "query"), below


def test_idempotency_keys_are_declared_where_they_are_read(reader: Reader) -> None:
    for method, below in routes("POST", "PATCH", "DELETE"):
        rule = IN_PROJECT[method, below]
        reader.send(method, below, reader.world.body(rule))
        told = parameters(operation_of(method, below), "header")

        key = "Idempotency-Key"
        assert (key in reader.headers) == (key in told), below
