"""What a run that ended well hands back."""

from typing import Any

from apps.engine.joins import look_up
from apps.engine.move import Move
from apps.engine.spec import MAIN
from apps.engine.state import PathPhase


def result_of(move: Move) -> Any:
    """Return the declared outputs by name, missing ones null.

    In the linear dialects: the rendered ``output``, else the outputs of all steps.
    Otherwise, where none are declared: the output of the step that ended the run, or
    outputs by step name when several paths ended (``step@path`` for a step that ended
    more than one). None stands for no output at all.

    Raises:
        ExpressionError: the ``output`` has no value.
    """
    linear = move.spec.linear
    if linear is not None:
        variables = move.paths[MAIN].variables
        if linear.output is not None:
            return linear.output.render(move.roots(move.paths[MAIN]))
        return dict(variables) or None
    if move.spec.outputs:
        return {
            output.name: look_up(move.paths[output.branch].variables, output.variable)[
                1
            ]
            if output.branch in move.paths
            else None
            for output in move.spec.outputs
        }
    ended = [p for p in move.paths.values() if p.phase is PathPhase.ENDED]
    if len(ended) == 1:
        return ended[0].output
    outputs: dict[str, Any] = {}
    for path in ended:
        key = path.step if path.step not in outputs else f"{path.step}@{path.name}"
        outputs[key] = path.output
    return outputs if any(value is not None for value in outputs.values()) else None
