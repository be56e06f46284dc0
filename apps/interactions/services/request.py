"""Ask people on behalf of the steps of runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from apps.engine.durations import DurationError
from apps.engine.json_schema import schema_problem
from apps.interactions.answers import Mode
from apps.interactions.models import Dialect, Origin
from apps.interactions.people import all_targets, look_up
from apps.interactions.question import Asker, due, question_of
from apps.interactions.services.ask import Asking, put_questions
from apps.kernel import tracing
from apps.kernel.ids import IdKind, new_id
from apps.source_events.catalog import Internal
from apps.source_events.services.append import Fact, append_source_events


@dataclass(frozen=True, slots=True)
class NewInteraction:
    """A step asks. ``config`` is its ``interaction`` block with templates rendered,
    ``initiator_id`` who started the run. With ``newer_words`` it is shown in those of
    automations and loops."""

    project_id: str
    run_id: str
    task_id: int
    step_name: str
    config: Mapping[str, Any]
    expires_at: datetime | None
    initiator_id: str = ""
    newer_words: bool = False
    traceparent: str | None = field(default_factory=tracing.traceparent)
    id: str = field(default_factory=lambda: new_id(IdKind.INTERACTION))


def request_interactions(
    requests: Sequence[NewInteraction], *, now: datetime
) -> dict[str, dict[str, Any]]:
    """Put the questions of steps, in the transaction that holds the runs' locks.

    Returns what the timeline says about each, by id. Asking a second time for one
    task of a run changes nothing. Where nobody can be asked nothing is inserted, and
    the run hears of it: its step fails. A user who does not exist is asked all the
    same: a template made the id, and a service may answer in their place.
    """
    if not requests:
        return {}
    askings = [_asking(request, now) for request in requests]
    known = {
        project_id: look_up(
            project_id,
            all_targets(a.question for a in askings if a.project_id == project_id),
        )
        for project_id in sorted({asking.project_id for asking in askings})
    }
    for asking in askings:
        asking.meet(known[asking.project_id])
        asking.problem = asking.problem or _form_problem(asking)
    put_questions([a for a in askings if not a.problem], known, now=now)
    append_source_events((_unanswerable(a) for a in askings if a.problem), now=now)
    return {asking.id: asking.facts() for asking in askings}


def _asking(request: NewInteraction, now: datetime) -> Asking:
    config, problem = request.config, ""
    try:
        question = question_of(config)
    except DurationError as error:  # a template made it
        problem = f"the question cannot be put: {error}"
        config = {**config, "reminders": None, "escalation": None}
        question = question_of(config)
    if request.newer_words:
        question = replace(question, dialect=Dialect.LOOP)
    return Asking(
        project_id=request.project_id,
        question=due(question, now, request.expires_at),
        asker=Asker(
            origin=Origin.STEP,
            created_by=request.initiator_id,
            initiator_id=request.initiator_id,
            run_id=request.run_id,
            task_id=request.task_id,
            step_name=request.step_name,
            signal_name=request.step_name,
        ),
        id=request.id,
        problem=problem,
        traceparent=request.traceparent,
    )


def _form_problem(asking: Asking) -> str:
    """Return what templates have made wrong of a form."""
    spec = asking.question.spec or {}
    if spec.get("mode") != Mode.FORM:
        return ""
    problem = schema_problem(spec.get("schema"))
    return f"the form cannot be shown: {problem}" if problem else ""


def _unanswerable(asking: Asking) -> Fact:
    return Fact(
        asking.project_id,
        Internal.INTERACTION_UNANSWERABLE,
        source_kind="interaction",
        source_id=asking.id,
        run_id=asking.asker.run_id,
        event={"task_id": asking.asker.task_id, "message": asking.problem},
        traceparent=asking.traceparent,
    )
