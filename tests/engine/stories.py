"""How a test tells a story: a spec, some inputs, and what came of them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from apps.engine import RunState, Spec, advance, parse_spec
from apps.engine.decisions import Decision, FinishRun, OpenWait, RecordRunEvent
from apps.engine.inputs import (
    Input,
    JobClaimed,
    JobCompleted,
    JobFailed,
    RunCreated,
    SignalSent,
)

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)

D = TypeVar("D")


def spec_of(*steps: dict[str, Any], **more: Any) -> Spec:
    """Return a spec of these steps."""
    return parse_spec({"name": "story", "steps": list(steps), **more})


def action(name: str, **more: Any) -> dict[str, Any]:
    """Return an action step that calls an action of its own name."""
    return {"name": name, "action": f"do.{name}", **more}


class Story:
    """A run on its way; ``asked`` are the decisions of the last input."""

    def __init__(
        self,
        spec: Spec,
        inputs: Mapping[str, Any] | None = None,
        *,
        created: RunCreated | None = None,
    ) -> None:
        self.spec = spec
        self.state = RunState.begin(inputs or {})
        self.asked: tuple[Decision, ...] = ()
        self.now = NINE
        self.tell(created or RunCreated(NINE))

    def tell(self, *received: Input) -> "Story":
        """Let these happen, one after the other."""
        for one in received:
            self.state, self.asked = advance(self.spec, self.state, one)
        return self

    def claim(self, task_id: int, attempt: int = 1) -> "Story":
        return self.tell(JobClaimed(self.now, task_id, attempt, "w1"))

    def complete(self, task_id: int, output: Any = None, attempt: int = 1) -> "Story":
        return self.tell(JobCompleted(self.now, task_id, attempt, output))

    def fail(
        self, task_id: int, attempt: int = 1, error_type: str = "broken"
    ) -> "Story":
        return self.tell(JobFailed(self.now, task_id, attempt, error_type, "oh no"))

    def signal(self, name: str, payload: Any = None, id: str = "sig_1") -> "Story":
        return self.tell(SignalSent(self.now, id, name, payload))

    def decided(self, kind: type[D]) -> list[D]:
        """Return the last decisions of one kind."""
        return [decision for decision in self.asked if isinstance(decision, kind)]

    def the(self, kind: type[D]) -> D:
        """Return the only decision of one kind among the last."""
        (found,) = self.decided(kind)
        return found

    @property
    def status(self) -> str:
        return self.state.status.value

    @property
    def result(self) -> Any:
        return self.the(FinishRun).result

    @property
    def events(self) -> list[str]:
        """The types of the timeline events just recorded."""
        return [event.type for event in self.decided(RecordRunEvent)]

    def event(self, type: str) -> Mapping[str, Any]:
        """Return the payload of the only event of ``type`` just recorded."""
        found = [e.payload for e in self.decided(RecordRunEvent) if e.type == type]
        (payload,) = found
        return payload

    @property
    def tasks(self) -> set[int]:
        """The ids of the open tasks."""
        return set(self.state.tasks())

    def wait_of(self, step: str) -> OpenWait:
        """Return the wait just opened for ``step``."""
        (wait,) = [w for w in self.decided(OpenWait) if w.step == step]
        return wait
