"""What a spec declares around its steps: inputs, outputs, and the linear extras."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from apps.engine.templates import Template

MAIN: Final = "main"


@dataclass(frozen=True, slots=True)
class InputField:
    """A declared input; without a ``default`` (None) it is required, unless it is
    ``optional``."""

    name: str
    type: str
    description: str = ""
    default: Any = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class OutputField:
    """A part of the result: ``variable`` of the final state of ``branch``."""

    name: str
    variable: str
    branch: str = MAIN
    description: str = ""


@dataclass(frozen=True, slots=True)
class Linear:
    """What only specs of the linear dialects have.

    ``saved_as`` names the step behind each name in ``context``. ``output`` makes the
    result, else it is the outputs of all steps. ``wall_clock`` is how long a run may
    take, ``credit_budget`` what it may spend. ``concurrency`` is the policy for runs
    that start while another lives: allow, queue, skip or replace.
    """

    saved_as: Mapping[str, str] = field(default_factory=dict)
    event: tuple[InputField, ...] = ()
    config: tuple[InputField, ...] = ()
    output: Template | None = None
    wall_clock: timedelta | None = None
    credit_budget: float | None = None
    max_agent_turns: int | None = None
    concurrency: str = "allow"
