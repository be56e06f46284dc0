"""Reading what callers ask of runs."""

from collections.abc import Mapping
from typing import Any

from apps.api.body import Body
from apps.identity.authentication import Caller
from apps.jobs.queues import read_queue
from apps.runs.services.start import NewRun

RUN_IDS_MAX = 1000
METADATA_MAX = 64
METADATA_VALUE_MAX = 1024


def read_start(data: object, caller: Caller, *, definition: str | None) -> NewRun:
    """Return what to run. ``definition`` comes from the path, if it names one.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    sent = body.text("definition_id", default=None, max_length=128)
    spec = body.mapping("spec", default=None)
    mode = body.text("mode", default=None, choices=("saved", "inline"))
    queue = read_queue(body, default="default")
    inputs = body.mapping("inputs", default={})
    metadata = _metadata(body, "metadata")
    tags = _metadata(body, "tags")
    external_id = body.text("external_id", default="", min_length=0, max_length=255)
    if definition is not None:
        if spec is not None:
            body.problem("spec", "the path already names what to run")
        if sent not in (None, definition):
            body.problem("definition_id", "differs from the definition in the path")
        sent = definition
    if mode == "inline" and spec is None:
        body.problem("spec", "is required with mode inline")
    if mode == "saved" and sent is None:
        body.problem("definition_id", "is required with mode saved")
    body.finish()
    return NewRun(
        definition=sent,
        spec=spec,
        queue=queue,
        inputs=inputs,
        metadata={**tags, **metadata},
        external_id=external_id,
        actor_type=caller.principal_kind,
        actor_id=caller.principal_id,
        initiated_by=caller.principal_name,
    )


def _metadata(body: Body, field: str) -> Mapping[str, str]:
    found = body.mapping(field, default={})
    if len(found) > METADATA_MAX:
        body.problem(field, f"expected at most {METADATA_MAX} entries")
    for name, value in found.items():
        if not isinstance(value, str) or len(value) > METADATA_VALUE_MAX:
            body.problem(
                f"{field}.{name}", f"expected a string up to {METADATA_VALUE_MAX}"
            )
    return dict(found)


def read_run_ids(data: object) -> list[str]:
    """Return the runs a bulk call names, each once.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    run_ids = body.texts("run_ids", min_items=1, max_items=RUN_IDS_MAX, max_length=64)
    body.finish()
    return list(dict.fromkeys(run_ids))


def read_signal(data: object) -> tuple[str, Any]:
    """Return a signal's name and payload.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    name = body.text("name", max_length=120)
    payload = body.value("payload", default=None)
    body.finish()
    return name, payload
