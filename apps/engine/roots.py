"""What expressions and templates see of a run."""

from collections.abc import Mapping
from typing import Any, Final

from apps.engine.expressions.values import Placed
from apps.engine.spec import Spec
from apps.engine.state import RunState

Roots = Mapping[str, Any]

#: Names that expressions of the linear dialects may use; ``state`` is not one.
LINEAR_ROOTS: Final = frozenset(
    {"inputs", "event", "meta", "config", "context", "steps"}
)


def roots_of(spec: Spec, inputs: Roots, variables: Roots) -> Roots:
    """Return the roots on a path that has these variables.

    In the linear dialects variables are the outputs of steps by name: they show as
    ``steps.<id>.output`` and, by the name they are saved as, in ``context``.
    """
    if spec.linear is None:
        return {"inputs": inputs, "state": variables}
    outputs = {name: {"output": value} for name, value in variables.items()}
    places = [outputs.get(step.name) for step in spec.steps]
    return {
        "inputs": inputs,
        "event": inputs.get("event"),
        "meta": inputs.get("meta"),
        "config": inputs.get("config"),
        "context": {
            alias: variables[name]
            for alias, name in spec.linear.saved_as.items()
            if name in variables
        },
        "steps": Placed(outputs, places),
    }


def roots_at(spec: Spec, state: RunState, task_id: int) -> Roots | None:
    """Return what expressions see at an open task, None if it is not open."""
    path = state.tasks().get(task_id)
    return None if path is None else roots_of(spec, state.inputs, path.variables)
