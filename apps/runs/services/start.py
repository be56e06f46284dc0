"""Start a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from apps.api.body import invalid_field
from apps.api.rendering import to_json
from apps.engine import InputErrors, check_inputs
from apps.engine.spec import Spec as ParsedSpec
from apps.engine.state import RunStatus
from apps.kernel.errors import Invalid
from apps.kernel.ids import IdKind, new_id
from apps.runs.models import Run
from apps.source_events.catalog import Internal
from apps.source_events.nudge import nudge_after_commit
from apps.workflows.selectors import runnable
from apps.workflows.specs import admit_spec, parsed_spec

_START = """
WITH stream AS (
    INSERT INTO run_events_runstream (run_id, project_id, last_seq)
    VALUES (%(id)s::text, %(project_id)s::text, 0)
), told AS (
    INSERT INTO source_events_sourceevent
        (id, project_id, event_type, source_kind, source_id, run_id, event, meta,
         created_at, due_at, failures, last_error)
    VALUES (%(event_id)s, %(project_id)s::text, %(event_type)s::text, 'run',
            %(id)s::text, %(id)s::text,
            jsonb_build_object('run_id', %(id)s::text),
            jsonb_build_object('event_type', %(event_type)s::text),
            %(now)s, %(now)s, 0, '')
)
INSERT INTO runs_run
    (id, project_id, workflow_id, workflow_version, workflow_name, spec_digest, queue,
     inputs, metadata, external_id, status, attempt, has_result, error_type,
     error_message, cancel_requested, parent_run_id, actor_type, actor_id,
     initiated_by, trigger_id, trigger_queues, source_event_id, depth, created_at,
     updated_at)
VALUES (%(id)s::text, %(project_id)s::text, %(workflow_id)s, %(workflow_version)s,
        %(workflow_name)s, %(spec_digest)s, %(queue)s, %(inputs)s::jsonb,
        %(metadata)s::jsonb, %(external_id)s, 'queued', 1, false, '', '', false, '',
        %(actor_type)s, %(actor_id)s, %(initiated_by)s, %(trigger_id)s,
        %(trigger_queues)s, %(source_event_id)s, %(depth)s, %(now)s, %(now)s)
"""


@dataclass(frozen=True, slots=True)
class NewRun:
    """What a caller asks to run: exactly one of ``definition`` and ``spec``.

    ``given`` are inputs of ours, a trigger's ``event`` and ``meta``: a spec need not
    declare them. ``depth`` counts the runs that led to this one: each ended, or
    had something published for it, and a trigger heard that.
    """

    definition: str | None = None
    spec: object = None
    queue: str = "default"
    inputs: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    external_id: str = ""
    actor_type: str = ""
    actor_id: str = ""
    initiated_by: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)
    trigger_id: str = ""
    trigger_queues: bool = False
    source_event_id: str = ""
    depth: int = 0


def start_run(project_id: str, new: NewRun, *, now: datetime) -> Run:
    """Create a queued run; the dispatcher begins it.

    The run, the head of its timeline and the event that begins it are one statement.

    Raises:
        Invalid: both or neither of definition and spec, a spec that cannot run, or
            inputs that do not fit the declared ones.
        NotFound: no such definition in the project.
    """
    if (new.definition is None) == (new.spec is None):
        raise Invalid(
            "provide exactly one of definition_id and spec",
            path="definition_id",
            fields=[
                {"path": "definition_id", "message": "or spec: exactly one of them"}
            ],
        )
    if new.definition is not None:
        found = runnable(project_id, new.definition)
        workflow_id, version, name = found.workflow_id, found.version, found.handle
        digest, spec = found.spec_digest, parsed_spec(found.spec_digest)
    else:
        digest, spec = admit_spec(new.spec, now=now)
        workflow_id, version, name = "", 0, spec.name
    try:
        inputs = _inputs(spec, new)
    except InputErrors as errors:
        raise _invalid_inputs(errors) from None
    run = Run(
        id=new_id(IdKind.RUN),
        project_id=project_id,
        workflow_id=workflow_id,
        workflow_version=version,
        workflow_name=name,
        spec_digest=digest,
        queue=new.queue,
        inputs=dict(inputs),
        metadata=dict(new.metadata),
        external_id=new.external_id,
        status=RunStatus.QUEUED,
        actor_type=new.actor_type,
        actor_id=new.actor_id,
        initiated_by=new.initiated_by,
        trigger_id=new.trigger_id,
        trigger_queues=new.trigger_queues,
        source_event_id=new.source_event_id,
        depth=new.depth,
        created_at=now,
        updated_at=now,
    )
    _insert(run, now)
    nudge_after_commit()
    return run


def _inputs(spec: ParsedSpec, new: NewRun) -> Mapping[str, Any]:
    """Return the inputs with defaults; ``given`` ones are checked if declared."""
    declared = {field.name for field in spec.inputs}
    checked = {name: new.given[name] for name in new.given if name in declared}
    return {**new.given, **check_inputs(spec, {**checked, **new.inputs})}


def _insert(run: Run, now: datetime) -> None:
    values = {
        name: getattr(run, name)
        for name in (
            *("id", "project_id", "workflow_id", "workflow_version", "workflow_name"),
            *("spec_digest", "queue", "external_id"),
            *("actor_type", "actor_id", "initiated_by"),
            *("trigger_id", "trigger_queues", "source_event_id", "depth"),
        )
    }
    values |= {
        "inputs": to_json(run.inputs).decode(),
        "metadata": to_json(run.metadata).decode(),
        "event_id": new_id(IdKind.SOURCE_EVENT),
        "event_type": Internal.RUN_BEGIN.value,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_START, values)


def _invalid_inputs(errors: InputErrors) -> Invalid:
    fields = [{"path": p.path, "message": p.message} for p in errors.problems]
    if len(fields) == 1:
        return invalid_field(fields[0]["path"], fields[0]["message"])
    return Invalid(
        f"{fields[0]['path']}: {fields[0]['message']} (and {len(fields) - 1} more)",
        path=fields[0]["path"],
        fields=fields,
    )
