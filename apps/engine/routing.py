"""What follows a finished step: the next item, the next step, branches, or the end.

A step with one way out goes on along its own path. Several ways, or one with a
branch name, fork: each becomes a path with the variables of its parent, and the
parent is parked until a join brings its branches back.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from apps.engine.expressions import ExpressionError
from apps.engine.failures import fail_step
from apps.engine.limits import PATHS_MAX
from apps.engine.loops import end_loop
from apps.engine.move import Move
from apps.engine.retry import EXPRESSION
from apps.engine.spec import KINDS, Edge, StepShape
from apps.engine.state import Path, PathPhase


def finish_task(move: Move, path: Path, output: Any) -> None:
    """The task of ``path`` is done: go on with the next item, or behind the step."""
    loop = path.loop
    if loop is not None:
        loop = replace(loop, results=(*loop.results, output))
        path = replace(path, loop=loop, task=None)
        if len(loop.results) < len(loop.items):
            move.enter(path, announce="")
            return
        path, output = end_loop(move.spec, path), list(loop.results)
    finish_step(move, path, output)


def finish_step(move: Move, path: Path, output: Any) -> None:
    """The step of ``path`` is done: store its output and follow its edges."""
    step = move.spec.step(path.step)
    variables = path.variables
    if step.store:
        variables = {**variables, step.store: output}
    path = move.put(replace(path, variables=variables, output=output, task=None))
    try:
        edges = _edges_that_hold(move, path, step)
    except ExpressionError as error:
        fail_step(move, path, EXPRESSION, f"a condition has no value: {error}")
        return
    move.record("step.completed", path, step=step.name, output=output)
    follow(move, path, edges)


def skip_step(move: Move, path: Path, reason: str) -> None:
    """Go on behind the step of ``path``, which has no output."""
    step = move.spec.step(path.step)
    path = move.put(replace(path, output=None, task=None))
    kind = KINDS[type(step)]
    move.record("step.skipped", path, step=step.name, kind=kind, reason=reason)
    follow(move, path, _edges_that_hold(move, path, step))


def follow(move: Move, path: Path, edges: list[Edge]) -> None:
    """Send ``path`` along ``edges``; without any it ends."""
    if not edges:
        move.put(replace(path, phase=PathPhase.ENDED, task=None))
    elif len(edges) == 1 and not edges[0].branch:
        move.enter(replace(path, step=edges[0].step, task=None))
    elif len(move.paths) + len(edges) > PATHS_MAX:
        move.fail_limit(path.step)
    else:
        move.put(replace(path, phase=PathPhase.PARKED, task=None))
        for edge in edges:
            child = Path(
                name=_branch_name(move, path, edge),
                step=edge.step,
                variables=path.variables,
                parent=path.name,
                late_for=path.late_for,
            )
            move.paths.pop(child.name, None)  # a branch taken again goes to the end
            move.enter(child)


def _edges_that_hold(move: Move, path: Path, step: StepShape) -> list[Edge]:
    if move.spec.in_order:
        following = move.spec.following.get(step.name)
        return [] if following is None else [Edge(following)]
    if not step.edges:
        return []
    holding = _holding(step, move.roots(path))
    if step.first_edge_only:
        first = next(holding, None)
        return [] if first is None else [first]
    return list(holding)


def _holding(step: StepShape, roots: Any) -> Iterator[Edge]:
    for edge in step.edges:
        if edge.condition is None or edge.condition.holds(roots):
            yield edge


def _branch_name(move: Move, path: Path, edge: Edge) -> str:
    """Return the edge's branch name, or one made from the parent's.

    A named branch that has ended may be taken again and starts afresh. While it is
    still under way its second activation gets a name of its own, such as ``a_2``.
    """
    taken = move.paths.get(edge.branch)
    if edge.branch and (
        taken is None or taken.phase in (PathPhase.ENDED, PathPhase.MERGED)
    ):
        return edge.branch
    stem, number = edge.branch or path.name, 2 if edge.branch else 1
    while (name := f"{stem}_{number}") in move.paths or name in move.spec.branches:
        number += 1
    return name
