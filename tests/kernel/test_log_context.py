"""What lines of the log carry, in both forms."""

import asyncio
import json
import logging
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from apps.kernel.ids import IdKind, new_id
from apps.kernel.log_context import (
    JsonFormatter,
    TextFormatter,
    about,
    facts_of_path,
)
from apps.realtime.bridge import close_threads, hop
from mobius.settings.logs import logging_settings


def record(message: str = "it broke", **more: object) -> logging.LogRecord:
    return logging.makeLogRecord(
        {"name": "apps.x", "levelname": "ERROR", "msg": message, "created": 0, **more}
    )


def test_a_line_of_json_is_one_object_with_what_it_is_about() -> None:
    with about(request_id="r-1", run_id="run_1", job_id=""):
        line = JsonFormatter().format(record("a\nb"))

    assert "\n" not in line
    assert json.loads(line) == {
        "at": "1970-01-01T00:00:00.000Z",
        "level": "ERROR",
        "logger": "apps.x",
        "message": "a\nb",
        "request_id": "r-1",
        "run_id": "run_1",
    }


def test_an_error_is_in_the_same_object() -> None:
    try:
        raise ValueError("no such handler")
    except ValueError:
        line = JsonFormatter().format(record(exc_info=sys.exc_info()))

    assert json.loads(line)["error"].endswith("ValueError: no such handler")


def test_a_line_for_people_ends_with_what_it_is_about() -> None:
    formatter = TextFormatter("%(levelname)s %(message)s")

    with about(project="acme"), about(run_id="run_1"):
        inside = formatter.format(record())

    assert inside == "ERROR it broke [project=acme run_id=run_1]"
    assert formatter.format(record()) == "ERROR it broke"


def test_a_path_of_the_api_names_project_run_and_job() -> None:
    run, job = new_id(IdKind.RUN), new_id(IdKind.JOB)

    assert facts_of_path(f"/v1/projects/acme/runs/{run}/events") == {
        "project": "acme",
        "run_id": run,
    }
    assert facts_of_path(f"/v1/projects/acme/jobs/{job}/complete")["job_id"] == job
    assert facts_of_path("/v1/projects/acme/runs/cancellations") == {"project": "acme"}
    assert facts_of_path("/inbox/link/secret-token") == {}


def test_what_a_request_is_about_goes_along_to_another_thread() -> None:
    async def ask() -> str:
        with about(request_id="r-9"):
            return await hop(lambda: JsonFormatter().format(record()))

    try:
        assert json.loads(asyncio.run(ask()))["request_id"] == "r-9"
    finally:
        close_threads()


def test_both_forms_are_known_and_no_other() -> None:
    as_json = logging_settings(form="json", level="INFO")

    assert as_json["loggers"]["uvicorn"] == {"handlers": [], "propagate": True}
    assert "uvicorn" not in logging_settings(form="text", level="INFO")["loggers"]
    with pytest.raises(ImproperlyConfigured, match="text or json"):
        logging_settings(form="xml", level="INFO")
