"""Start a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from apps.api.body import invalid_field
from apps.api.rendering import to_json
from apps.engine import InputErrors, check_inputs
from apps.engine.spec import Spec as ParsedSpec
from apps.engine.state import RunStatus
from apps.kernel import tracing
from apps.kernel.errors import Conflict, Invalid
from apps.kernel.ids import IdKind, new_id
from apps.realtime.counting import count_after_commit
from apps.runs.limits import LOOP_POLICY
from apps.runs.models import Run
from apps.runs.turns import held_back
from apps.source_events.catalog import Internal
from apps.source_events.nudge import nudge_after_commit
from apps.workflows.models import Dialect
from apps.workflows.selectors import runnable
from apps.workflows.specs import admit_spec, parsed_spec

#: What a new run is followed by: it begins, or its definition says when it may.
_BEGIN = {"": Internal.RUN_BEGIN, LOOP_POLICY: Internal.DEFINITION_DUE}
#: What a run of a spec without a name is called.
_UNNAMED = "inline"

_START = """
WITH stream AS (
    INSERT INTO run_events_runstream (run_id, project_id, last_seq)
    VALUES (%(id)s::text, %(project_id)s::text, 0)
), told AS (
    INSERT INTO source_events_sourceevent
        (id, project_id, event_type, source_kind, source_id, run_id, event, meta,
         created_at, due_at, failures, last_error, traceparent)
    VALUES (%(event_id)s, %(project_id)s::text, %(event_type)s::text, 'run',
            %(id)s::text, %(id)s::text,
            jsonb_build_object('run_id', %(id)s::text,
                               'workflow_id', %(workflow_id)s::text,
                               'credit_budget', %(credit_budget)s::float8),
            jsonb_build_object('event_type', %(event_type)s::text),
            %(now)s, %(now)s, 0, '', %(traceparent)s)
)
INSERT INTO runs_run
    (id, project_id, workflow_id, workflow_version, workflow_name, spec_digest, queue,
     inputs, metadata, external_id, status, attempt, has_result, error_type,
     error_message, cancel_requested, actor_type, actor_id, initiated_by, trigger_id,
     trigger_queues, source_event_id, depth, parent_run_id, parent_workflow_id,
     parent_step, dialect, version_id, source, credit_budget, max_agent_turns,
     queue_reason, traceparent, created_at, updated_at)
VALUES (%(id)s::text, %(project_id)s::text, %(workflow_id)s, %(workflow_version)s,
        %(workflow_name)s, %(spec_digest)s, %(queue)s, %(inputs)s::jsonb,
        %(metadata)s::jsonb, %(external_id)s, 'queued', 1, false, '', '', false,
        %(actor_type)s, %(actor_id)s, %(initiated_by)s, %(trigger_id)s,
        %(trigger_queues)s, %(source_event_id)s, %(depth)s, %(parent_run_id)s,
        %(parent_workflow_id)s, %(parent_step)s, %(dialect)s, %(version_id)s,
        %(source)s::jsonb, %(credit_budget)s, %(max_agent_turns)s,
        %(queue_reason)s, %(traceparent)s, %(now)s, %(now)s)
"""


@dataclass(frozen=True, slots=True)
class NewRun:
    """What a caller asks to run: exactly one of ``definition`` and ``spec``.

    ``given`` are inputs of ours, a trigger's ``event`` and ``meta``: a spec need not
    declare them. ``depth`` counts the runs that led to this one (``DEPTH_MAX``).
    ``source`` is what the caller says of who started it.
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
    parent_run_id: str = ""
    parent_workflow_id: str = ""
    parent_step: str = ""
    source: Mapping[str, Any] = field(default_factory=dict)
    credit_budget: float | None = None


@dataclass(frozen=True, slots=True)
class _Pinned:
    """What exactly is run: a version of a definition, or a spec by itself."""

    name: str
    digest: str
    spec: ParsedSpec
    workflow_id: str = ""
    version: int = 0
    version_id: str = ""
    dialect: str = Dialect.WORKFLOW
    defaults: Mapping[str, Any] = field(default_factory=dict)


def start_run(project_id: str, new: NewRun, *, now: datetime) -> Run:
    """Create a queued run; the dispatcher begins it.

    The run, the head of its timeline and the event that begins it are one statement.

    Raises:
        Invalid: both or neither of definition and spec, a spec that cannot run, or
            inputs that do not fit the declared ones.
        NotFound: no such definition in the project.
        Conflict: the definition is paused or not published; or, in the linear
            dialects, a run with this ``external_id`` is over. While it lives it is
            returned instead of a new one.
        Busy: another run lives, and the definition's policy is to skip.
    """
    if (new.definition is None) == (new.spec is None):
        raise Invalid(
            "provide exactly one of definition_id and spec",
            path="definition_id",
            fields=[
                {"path": "definition_id", "message": "or spec: exactly one of them"}
            ],
        )
    pinned = _pinned(project_id, new, now)
    keyed = pinned.dialect != Dialect.WORKFLOW and new.external_id != ""
    if keyed and (earlier := earlier_run(project_id, pinned, new.external_id)):
        return earlier
    try:
        inputs = _inputs(pinned, new)
    except InputErrors as errors:
        raise _invalid_inputs(errors) from None
    run = _run(project_id, pinned, new, inputs, now)
    run.queue_reason = held_back(run, pinned.spec)
    if not keyed:
        _insert(run, now)
    else:
        try:
            with transaction.atomic():
                _insert(run, now)
        except IntegrityError:  # somebody started it at the same moment
            earlier = earlier_run(project_id, pinned, new.external_id)
            assert earlier is not None, "its key is taken"
            return earlier
    by = "trigger" if run.trigger_id else "run" if run.parent_run_id else "caller"
    count_after_commit("mobius_runs_started_total", dialect=run.dialect, by=by)
    nudge_after_commit()
    return run


def _pinned(project_id: str, new: NewRun, now: datetime) -> _Pinned:
    if new.definition is None:
        digest, spec = admit_spec(new.spec, now=now)
        return _Pinned(spec.name or _UNNAMED, digest, spec)
    found = runnable(project_id, new.definition)
    return _Pinned(
        found.handle,
        found.spec_digest,
        parsed_spec(found.spec_digest),
        found.workflow_id,
        found.version,
        found.version_id,
        found.dialect,
        found.defaults,
    )


def earlier_run(project_id: str, pinned: _Pinned, external_id: str) -> Run | None:
    """Return the live run that was started with this key, None if there never was one.

    Raises:
        Conflict: the run is over, or one of another definition.
    """
    rows = Run.objects.filter(project_id=project_id, external_id=external_id)
    run = rows.exclude(dialect=Dialect.WORKFLOW).defer("state").first()
    if run is None:
        return None
    if run.completed_at is None and run.workflow_id == pinned.workflow_id:
        return run
    is_loop = pinned.dialect == Dialect.LOOP
    field_name = "idempotency_key" if is_loop else "external_id"
    raise Conflict(
        f"{field_name}: {external_id} was used for run {run.id}, which is {run.status}",
        code=f"{field_name}_conflict",
        path=field_name,
        existing_run_id=run.id,
        status=run.status,
        external_id=external_id,
    )


def _run(
    project_id: str,
    pinned: _Pinned,
    new: NewRun,
    inputs: Mapping[str, Any],
    now: datetime,
) -> Run:
    linear = pinned.spec.linear
    return Run(
        id=new_id(IdKind.RUN),
        project_id=project_id,
        workflow_id=pinned.workflow_id,
        workflow_version=pinned.version,
        workflow_name=pinned.name,
        version_id=pinned.version_id,
        dialect=pinned.dialect,
        spec_digest=pinned.digest,
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
        parent_run_id=new.parent_run_id,
        parent_workflow_id=new.parent_workflow_id,
        parent_step=new.parent_step,
        source=dict(new.source),
        credit_budget=new.credit_budget,
        max_agent_turns=linear.max_agent_turns if linear is not None else None,
        created_at=now,
        updated_at=now,
    )


def _inputs(pinned: _Pinned, new: NewRun) -> Mapping[str, Any]:
    """Return the inputs with defaults; ``given`` ones are checked if declared."""
    spec = pinned.spec
    if spec.linear is not None:
        sent = {**new.given, **new.inputs}
        if pinned.dialect == Dialect.LOOP:
            sent["config"] = {**pinned.defaults, **(sent.get("config") or {})}
        else:
            sent = {**pinned.defaults, **sent}
        return check_inputs(spec, sent)
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
            *("parent_run_id", "parent_workflow_id", "parent_step", "dialect"),
            *("version_id", "credit_budget", "max_agent_turns", "queue_reason"),
        )
    }
    values |= {
        "inputs": to_json(run.inputs).decode(),
        "metadata": to_json(run.metadata).decode(),
        "source": to_json(run.source).decode(),
        "event_id": new_id(IdKind.SOURCE_EVENT),
        "event_type": _BEGIN[run.queue_reason].value,
        "traceparent": tracing.traceparent(),
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
