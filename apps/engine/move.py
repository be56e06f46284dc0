"""One advance in progress: the desk on which the other modules put things.

Everything outside this package sees only frozen values; inside one ``advance`` the
paths and decisions are built up here. Steps to start wait on an agenda instead of
being started by whoever finished the one before, so depth never grows with length.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from apps.engine.decisions import CancelOpenWork, Decision, FinishRun, RecordRunEvent
from apps.engine.limits import MOVES_MAX, STEPS_MAX
from apps.engine.retry import STEP_LIMIT
from apps.engine.roots import roots_of
from apps.engine.spec import MAIN, Spec
from apps.engine.state import (
    FINISHED,
    Path,
    PathPhase,
    RunState,
    RunStatus,
    Signal,
    Task,
)

STEP_FAILED: Final = "step_failed"
#: Lines that the linear dialects do not know: a claimed job, and that a run which
#: nothing suspended has work or waits for a worker.
_OF_GRAPHS: Final = frozenset({"action.claimed", "run.queued", "run.running"})


class Move:
    """What has been decided so far, and what is still to be started."""

    def __init__(self, spec: Spec, state: RunState, at: datetime) -> None:
        self.spec = spec
        self.at = at
        self.before = state
        self.status = state.status
        self.attempt = state.attempt
        self.paths: dict[str, Path] = dict(state.paths)
        self.signals: list[Signal] = list(state.signals)
        self.seen = state.seen
        self.events = state.events
        self.settled_at = state.settled_at
        self.began = state.began
        self.deadline = state.deadline
        self.budget = state.budget
        self.spent = state.spent
        self.decisions: list[Decision] = []
        self.agenda: deque[tuple[str, str]] = deque()
        self.resumed_here = 0
        self.resumed_step = ""
        self._next_task_id = state.next_task_id
        self._started = 0

    @property
    def finished(self) -> bool:
        """Whether the run has ended in this move."""
        return self.status in FINISHED

    def state(self) -> RunState:
        """Return where the run stands now, frozen."""
        return RunState(
            status=self.status,
            attempt=self.attempt,
            inputs=self.before.inputs,
            paths=self.paths,
            signals=tuple(self.signals),
            seen=self.seen,
            events=self.events,
            next_task_id=self._next_task_id,
            settled_at=self.settled_at,
            began=self.began,
            deadline=self.deadline,
            budget=self.budget,
            spent=self.spent,
        )

    def put(self, path: Path) -> Path:
        """Store ``path`` under its name and return it."""
        self.paths[path.name] = path
        return path

    def enter(self, path: Path, announce: str = "step.started") -> None:
        """Store ``path`` and let its step start, with ``announce`` as its event."""
        self.put(path)
        self.agenda.append((path.name, announce))

    def count_start(self) -> bool:
        """Count one started step; False when that is one too many."""
        self._started += 1
        return self._started <= MOVES_MAX and self._next_task_id <= STEPS_MAX

    @property
    def next_task_id(self) -> int:
        """The id of the next task."""
        return self._next_task_id

    def new_task(self, **known: Any) -> Task:
        """Return a task with the next id."""
        task = Task(id=self._next_task_id, **known)
        self._next_task_id += 1
        return task

    def roots(self, path: Path) -> Mapping[str, Any]:
        """Return what expressions on ``path`` can see."""
        return roots_of(self.spec, self.before.inputs, path.variables)

    def decide(self, decision: Decision) -> None:
        """Ask for something to be done, after what was asked before."""
        self.decisions.append(decision)

    def record(self, type: str, path: Path, **payload: Any) -> None:
        """Write a line of the timeline; paths other than main are named in it."""
        if path.name != MAIN:
            payload["path"] = path.name
        self.tell(type, payload)

    def tell(
        self, type: str, payload: Mapping[str, Any], at: int | None = None
    ) -> None:
        """Write a line about the run, at the end or before the decision ``at``."""
        if self.spec.linear is not None and type in _OF_GRAPHS:
            return
        where = len(self.decisions) if at is None else at
        self.decisions.insert(where, RecordRunEvent(type, payload))

    def mark_resumed(self, step: str) -> None:
        """Note that what was waited for at ``step`` is over, and where that is told."""
        self.resumed_here = len(self.decisions)
        self.resumed_step = step

    def fail_run(
        self,
        step: str,
        error_type: str,
        message: str,
        stop_reason: str = STEP_FAILED,
    ) -> None:
        """End the run as failed. Open work goes; where each path stood is kept.

        ``stop_reason`` is ours to say: error types may be a worker's words.
        """
        if step == self.resumed_step:
            self.resumed_step = ""  # it did not get further than where it waited
        self._drop_tasks()
        self.status = RunStatus.FAILED
        self.decide(CancelOpenWork())
        self.decide(
            RecordRunEvent(
                "run.failed",
                {
                    "status": RunStatus.FAILED.value,
                    "error": message,
                    "error_type": error_type,
                    "step": step,
                },
            )
        )
        self.decide(
            FinishRun(
                RunStatus.FAILED,
                stop_reason,
                error_type=error_type,
                error_message=message,
            )
        )

    def fail_limit(self, step: str) -> None:
        """End the run because it starts more steps than it may."""
        within_one = self._started > MOVES_MAX
        self.reach_limit(
            step,
            STEP_LIMIT,
            "the run starts too many steps",
            stop_reason="step_limit_reached",
            kind="steps_at_once" if within_one else "steps",
            limit=MOVES_MAX if within_one else STEPS_MAX,
            used=self._started if within_one else self._next_task_id,
        )

    def reach_limit(
        self, step: str, error_type: str, message: str, stop_reason: str, **facts: Any
    ) -> None:
        """End the run, which is beyond a limit: its kind, the limit, what is used."""
        kind = facts.pop("kind")
        self.tell("limit.reached", {"step": step, "limit_kind": kind, **facts})
        self.fail_run(step, error_type, message, stop_reason)

    def cancel_run(self, reason: str, *, replaced: bool = False) -> None:
        """End the run because somebody wants that."""
        self._drop_tasks()
        self.status = RunStatus.CANCELLED
        status = RunStatus.CANCELLED.value
        self.decide(CancelOpenWork())
        self.decide(
            RecordRunEvent("run.cancelled", {"status": status, "reason": reason})
        )
        why = "replaced" if replaced else "cancelled"
        self.decide(FinishRun(RunStatus.CANCELLED, why, error_message=reason))

    def complete_run(self, result: Any) -> None:
        """End the run well."""
        self.status = RunStatus.COMPLETED
        status = RunStatus.COMPLETED.value
        self.decide(
            RecordRunEvent("run.completed", {"status": status, "output": result})
        )
        self.decide(FinishRun(RunStatus.COMPLETED, "completed", result=result))

    def _drop_tasks(self) -> None:
        self.agenda.clear()
        for path in list(self.paths.values()):
            if path.phase is PathPhase.LIVE and path.task is not None:
                self.put(replace(path, task=None))
