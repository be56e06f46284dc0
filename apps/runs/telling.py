"""What timelines say beyond what the engine knows: jobs, waits, questions, sources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from apps.api.rendering import instant, present
from apps.engine.decisions import WaitKind
from apps.run_events.services.append import Entry
from apps.runs.store import LockedRun
from apps.runs.waits import NewWait

REQUESTED: Final = "interaction.requested"
_OPENING: Final = ("wait.opened", "step.suspended")
_ENDING: Final = ("wait.resumed", "wait.timed_out")
_ENQUEUING: Final = ("action.called", "action.retried")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known where a line is written.

    ``about`` are facts of its cause; ``job_ids``, ``asked`` and ``opened`` what the
    same move enqueued, asked and opened before.
    """

    run: LockedRun
    about: Mapping[str, Any]
    job_ids: Mapping[int, str]
    asked: Mapping[str, str]
    opened: Sequence[NewWait]
    now: datetime

    def of(self, type_: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Return what belongs to a line of this type."""
        if type_ == "run.started":
            return self._start()
        if type_ in _OPENING:
            return self._wait(payload)
        if type_ in _ENQUEUING:
            job_id = self.job_ids.get(payload.get("task_id", -1))
            return {"job_id": job_id} if job_id else {}
        if type_.startswith("action.") or type_ == "usage.recorded":
            return self._job()
        return {}

    def _start(self) -> dict[str, Any]:
        run = self.run
        return present(
            run_id=run.id,
            loop_id=run.workflow_id or None,
            loop_version_id=run.version_id or None,
            loop_version=run.workflow_version or None,
            source=self._source(),
            trigger_id=run.trigger_id or None,
            source_event_id=run.source_event_id or None,
            parent_run_id=run.parent_run_id or None,
        )

    def _source(self) -> dict[str, Any]:
        """Return who started the run: what the caller said, else what is known."""
        run = self.run
        if run.trigger_id:
            return present(
                type="trigger",
                id=run.source_event_id or None,
                trigger_id=run.trigger_id,
            )
        return {"type": "api", **run.source}

    def _wait(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Return the id of the wait, and which question it is about."""
        facts: dict[str, Any] = {}
        if self.opened and self.opened[-1].task_id == payload.get("task_id"):
            facts["wait_id"] = self.opened[-1].id
        if payload.get("wait_kind") == WaitKind.INTERACTION:
            id_ = self.asked.get(payload["step"])
            facts |= {"interaction_id": id_, "subject": id_} if id_ else {}
        return facts

    def _job(self) -> dict[str, Any]:
        """Return what the engine cannot know about an action: its job, its duration."""
        about = self.about
        facts = {"job_id": about["job_id"]} if "job_id" in about else {}
        if about.get("claimed_at"):
            claimed_at = datetime.fromisoformat(about["claimed_at"])
            took = (self.now - claimed_at).total_seconds()
            facts["started_at"] = instant(claimed_at)
            facts["duration_ms"] = max(0, int(took * 1000))
        return facts


def told(
    entry: Entry,
    asked: Mapping[str, Mapping[str, Any]],
    closed: Mapping[tuple[str, int], str],
) -> Entry:
    """Return an entry with what was found out while writing: whom a question reached,
    which wait has ended."""
    if entry.type == REQUESTED:
        return replace(entry, payload=asked[entry.payload["interaction_id"]])
    if entry.type in _ENDING:
        wait_id = closed.get((entry.run_id, entry.payload.get("task_id", -1)))
        if wait_id:
            return replace(entry, payload={**entry.payload, "wait_id": wait_id})
    return entry
