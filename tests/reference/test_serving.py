"""The document and the page as they are served."""

import pytest
import yaml
from django.contrib.staticfiles import finders
from django.test import Client

from apps.reference.contract import CONTRACT, contract_as_json
from apps.reference.document import document


def test_the_contract_is_served_as_yaml_and_as_json_without_a_key() -> None:
    as_yaml = Client().get("/v1/openapi.yaml")
    as_json = Client().get("/v1/openapi.json")

    assert (as_yaml.status_code, as_json.status_code) == (200, 200)
    assert as_yaml.headers["Content-Type"] == "application/yaml"
    assert as_yaml.content == CONTRACT.read_bytes()
    assert as_json.json() == document() == yaml.safe_load(as_yaml.content)
    assert as_json.content == contract_as_json()
    assert as_yaml.headers["X-Request-ID"]


@pytest.mark.django_db
def test_nothing_is_written_to_the_document() -> None:
    answer = Client().post("/v1/openapi.yaml", {})

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


def test_the_page_names_only_files_that_are_here() -> None:
    answer = Client().get("/reference/")

    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    for file in (
        "drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js",
        "drf_spectacular_sidecar/swagger-ui-dist/swagger-ui.css",
        "reference/reference.js",
        "reference/reference.css",
        "mobius/favicon.svg",
    ):
        assert f"/static/{file}" in answer.content.decode()
        assert finders.find(file)
