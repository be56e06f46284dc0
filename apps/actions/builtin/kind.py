"""What a built-in action consists of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.actions.calls import Attempt, Call, Outcome


@dataclass(frozen=True, slots=True)
class Builtin:
    """A built-in action. ``prepare`` may trust that the input fits ``input_schema``."""

    name: str
    title: str
    description: str
    input_schema: Mapping[str, Any]
    output_schema: Mapping[str, Any]
    prepare: Callable[[Call], Outcome | Attempt]
    annotations: Mapping[str, bool] = field(default_factory=dict)
    risk: str = "low"


def closed(required: list[str], **properties: Any) -> dict[str, Any]:
    """Return the schema of an object with exactly these fields."""
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
