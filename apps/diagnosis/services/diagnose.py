"""Say why a run stands where it stands."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Final

from apps.diagnosis.of_ends import end_reason
from apps.diagnosis.of_events import (
    deadline,
    event_reasons,
    gate_reasons,
    held_up,
    joining,
)
from apps.diagnosis.of_jobs import job_reason, stopping
from apps.diagnosis.of_waits import wait_reason
from apps.diagnosis.reasons import Code, Diagnosis, Reason
from apps.diagnosis.selectors import TASKS_MAX, Facts, gather

#: A run that moves while it is looked at is looked at again.
LOOKS_MAX: Final = 3
#: Reasons that say nothing of what has to happen first.
_ASIDE: Final = frozenset({Code.DEADLINE, Code.HOLDS_UP_TRIGGER, Code.JOB_STOPPING})


def diagnose(project_id: str, run_id: str, *, now: datetime) -> Diagnosis:
    """Return every reason why a run of the project does not move, causes first.

    Raises:
        NotFound: there is no such run.
    """
    for _ in range(LOOKS_MAX):
        facts = gather(project_id, run_id, now=now)
        reasons = sorted(_reasons(facts), key=lambda reason: reason.place)
        codes = {reason.code for reason in reasons}
        if Code.STUCK not in codes or not _has_moved(facts):
            break
    return Diagnosis(
        run_id, facts.run.status, _summary(facts, reasons), tuple(reasons), now
    )


def _has_moved(facts: Facts) -> bool:
    before = facts.run.updated_at
    facts.run.refresh_from_db(fields=["updated_at"])
    return facts.run.updated_at != before


def _reasons(facts: Facts) -> Iterator[Reason]:
    if facts.is_over:
        yield end_reason(facts)
        yield from stopping(facts)
        return
    found = [*event_reasons(facts), *gate_reasons(facts)]
    yield from found
    explained = {Code.NOT_BEGUN, Code.LOOP_POLICY, Code.STARTING_CHILD}
    explained |= {Code.EVENT_NOT_DISPATCHED, Code.EVENT_FAILING}
    yield from _of_tasks(facts, moved=any(r.code in explained for r in found))
    yield from joining(facts)
    yield from deadline(facts.run)
    yield from held_up(facts)


def _of_tasks(facts: Facts, *, moved: bool) -> Iterator[Reason]:
    """Yield a reason for every open task; ``moved``: there is news for the run."""
    tasks = facts.state.tasks() if facts.state is not None else {}
    jobs = {job.task_id: job for job in facts.jobs}  # the last attempt of each
    waits = {wait.task_id: wait for wait in facts.waits}
    for task_id, path in islice(tasks.items(), TASKS_MAX):
        if task_id in waits:
            yield wait_reason(facts, waits[task_id])
        elif task_id in jobs and (reason := job_reason(facts, jobs[task_id])):
            yield reason
        elif not moved:
            yield _stuck(
                f"no job, wait or event for task {task_id}", path.name, path.step
            )
    if facts.state is None and not moved:
        yield _stuck("no event that begins it")


def _stuck(what: str, path: str = "", step: str = "") -> Reason:
    message = (
        f"there is {what}: nothing will move it, which is a defect; retry or cancel"
    )
    return Reason(Code.STUCK, message, path=path, step=step)


def _summary(facts: Facts, reasons: list[Reason]) -> str:
    """Return the answer in a sentence: the first reason, and how many others."""
    first = next((one for one in reasons if one.code not in _ASIDE), None)
    if first is None:
        return f"The run is {facts.run.status}."
    if facts.is_over:
        return f"The run {first.message}."
    others = len(reasons) - 1
    more = f" (and {others} more)" if others else ""
    where = f"step {first.step}: " if first.step else ""
    return f"The run is {facts.run.status}: {where}{first.message}{more}."
