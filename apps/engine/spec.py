"""What to run, as frozen values. ``parsing.parse_spec`` is the one maker."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final

from apps.engine.declared import MAIN as MAIN
from apps.engine.declared import InputField as InputField
from apps.engine.declared import Linear as Linear
from apps.engine.declared import OutputField as OutputField
from apps.engine.expressions import Expression
from apps.engine.problems import InputErrors as InputErrors
from apps.engine.problems import Problem as Problem
from apps.engine.problems import SpecErrors as SpecErrors
from apps.engine.templates import Template


@dataclass(frozen=True, slots=True)
class Edge:
    """A way out of a step. No ``condition`` always holds; "" is no branch name."""

    step: str
    condition: Expression | None = None
    branch: str = ""


@dataclass(frozen=True, slots=True)
class Each:
    """Run the step once per item, in order; ``variable`` holds the item meanwhile."""

    items: Template
    variable: str


@dataclass(frozen=True, slots=True)
class RetryRule:
    """When and how often to try again. No names match every error but a fatal one."""

    error_equals: tuple[str, ...] = ()
    max_retries: int = 2
    base_delay: timedelta = timedelta(seconds=1)
    max_delay: timedelta | None = None
    backoff_rate: float = 2.0
    full_jitter: bool = False
    timeout: timedelta | None = None


@dataclass(frozen=True, slots=True)
class CatchRule:
    """Where to go on after an error that no retry cured; "" stores nothing."""

    error_equals: tuple[str, ...]
    next: str
    store: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepShape:
    """What every kind of step has. ``retry`` is empty where none was given.

    Where ``run_if`` does not hold the step is skipped.
    """

    name: str
    description: str = ""
    run_if: Expression | None = None
    edges: tuple[Edge, ...] = ()
    first_edge_only: bool = False
    each: Each | None = None
    store: str = ""
    retry: tuple[RetryRule, ...] = ()
    catch: tuple[CatchRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionStep(StepShape):
    """One job for a worker, or with ``server`` for the platform itself."""

    action: str
    parameters: Template
    server: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinStep(StepShape):
    """Waits for ``count`` of ``branches`` (0: all; none listed: all others)."""

    branches: tuple[str, ...] = ()
    count: int = 0
    mappings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitSignalStep(StepShape):
    """Waits for a signal, at most ``timeout``."""

    topic: Template
    timeout: timedelta
    on_timeout: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SleepStep(StepShape):
    """Waits for the clock: for a span, or until an instant, RFC 3339."""

    duration: timedelta = timedelta(0)
    until: Template | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseStep(StepShape):
    """Waits until somebody resumes the run."""

    reason: Template


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionStep(StepShape):
    """Waits for people. ``config`` is what was authored, with its templates.

    Where ``takes_signals`` a signal named like the step is an answer, too. It is not
    where the one who started the run may not answer: nobody knows who sent a signal.
    """

    config: Template
    timeout: timedelta | None
    on_timeout: str = ""
    timeout_skips: bool = False
    takes_signals: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class EventWaitStep(StepShape):
    """Waits for an event of the project, or for a signal to the run.

    ``condition`` sees the event and the run; ``mapping`` the event alone, and without
    one the output is the whole event. ``type_problem`` says what is wrong with a type
    that a template made, "" when it may be waited for.
    """

    event_type: Template
    source_id: Template
    match: Template
    condition: Expression | None = None
    condition_reads_run: bool = False
    mapping: Mapping[str, Expression] = field(default_factory=dict)
    timeout: timedelta | None = None
    on_timeout: str = ""
    timeout_skips: bool = False
    lookback: timedelta = timedelta(0)
    type_problem: Callable[[str], str] = field(repr=False, compare=False)


class OnFail(StrEnum):
    """What a check does when an assertion does not hold."""

    FAIL = "fail"
    CONTINUE = "continue"
    GATE = "gate"


@dataclass(frozen=True, slots=True)
class Assertion:
    """One thing a check looks at; without an ``expression`` an agent would judge."""

    name: str
    expression: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckStep(StepShape):
    """Looks at what the run has so far. ``gate`` is whom to ask, with ``GATE``."""

    assertions: tuple[Assertion, ...]
    on_fail: OnFail = OnFail.FAIL
    gate: Template | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildStep(StepShape):
    """Starts a run of another definition and does not wait for it. The child gets
    ``inputs``; without them ``event``, else this run's, and ``config``."""

    definition: Template
    event: Template | None = None
    config: Template | None = None
    inputs: Template | None = None
    start_if: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStep(StepShape):
    """Work for an agent. Nothing here runs agents yet: such a step fails."""

    config: Template
    agent_id: str = ""


Step = (
    ActionStep
    | JoinStep
    | WaitSignalStep
    | EventWaitStep
    | SleepStep
    | PauseStep
    | InteractionStep
    | CheckStep
    | ChildStep
    | AgentStep
)

KINDS: Final[Mapping[type[Step], str]] = {
    ActionStep: "action",
    JoinStep: "join",
    WaitSignalStep: "wait_signal",
    EventWaitStep: "wait_for_event",
    SleepStep: "sleep",
    PauseStep: "pause",
    InteractionStep: "interaction",
    CheckStep: "check",
    ChildStep: "loop",
    AgentStep: "agent",
}


@dataclass(frozen=True, slots=True)
class Spec:
    """A workflow that can run: every name in it leads somewhere.

    ``in_order`` means that no step declares ``next``: the steps run as listed.
    ``branches`` are all names that edges give. ``linear`` is there in the dialects of
    automations and loops.
    """

    name: str
    steps: tuple[Step, ...]
    start_at: str
    in_order: bool
    description: str = ""
    inputs: tuple[InputField, ...] = ()
    outputs: tuple[OutputField, ...] = ()
    initial: Mapping[str, Any] = field(default_factory=dict)
    linear: Linear | None = None
    by_name: Mapping[str, Step] = field(init=False, repr=False, compare=False)
    following: Mapping[str, str] = field(init=False, repr=False, compare=False)
    branches: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = [step.name for step in self.steps]
        by_name = dict(zip(names, self.steps, strict=True))
        object.__setattr__(self, "by_name", by_name)
        object.__setattr__(self, "following", dict(pairwise(names)))
        branches = {edge.branch for step in self.steps for edge in step.edges}
        object.__setattr__(self, "branches", frozenset(branches - {""}))

    def step(self, name: str) -> Step:
        """Return the step called ``name``; ``KeyError`` is a defect of the caller."""
        return self.by_name[name]
