"""Joins: where branches come together.

A listed branch has arrived when it stands before the join or has ended anywhere. The
join goes on along, in this order of preference:

1. a path that stands before it and is not one of the branches it waits for;
2. the parked path that forked into the first branch that arrived, usually main;
3. that branch itself.

With no branches listed it waits for all other paths; a single path before it is then
the one that goes on, and those that ended elsewhere are what it waited for. Branches
that come after a join went on without them (``count``) are taken in silently.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from apps.engine.expressions import ExpressionError
from apps.engine.expressions.values import size_of
from apps.engine.failures import fail_step
from apps.engine.move import Move
from apps.engine.retry import EXPRESSION, JOIN_UNREACHABLE
from apps.engine.routing import finish_step
from apps.engine.spec import JoinStep
from apps.engine.state import Path, PathPhase

_OVER = frozenset({PathPhase.ENDED, PathPhase.MERGED})


def arrive(move: Move, path: Path, step: JoinStep) -> None:
    """Let ``path`` stand before the join, or vanish in one that went on without it."""
    late = path.late_for == step.name
    phase = PathPhase.MERGED if late else PathPhase.JOINING
    move.put(replace(path, phase=phase, task=None, late_for=""))


def release_join(move: Move) -> bool:
    """Let one join go on that has what it waits for; say whether there was one.

    Joins that wait for whatever may still come are asked only when nothing moves any
    more, and then those of the youngest branches first: inner before outer.
    """
    standing: dict[str, list[Path]] = {}
    quiet = True
    for path in move.paths.values():
        if path.phase is PathPhase.JOINING:
            standing.setdefault(path.step, []).append(path)
        quiet = quiet and path.phase is not PathPhase.LIVE
    if not standing:
        return False
    for at_rest in (False, True) if quiet else (False,):
        for name, arrivals in reversed(standing.items()):
            step = move.spec.step(name)
            assert isinstance(step, JoinStep), "paths join at join steps only"
            sources = _sources(move, step, arrivals, at_rest)
            if sources is not None:
                _go_on(move, step, arrivals, sources)
                return True
    return False


def fail_unreachable(move: Move, path: Path) -> None:
    """End the run: ``path`` stands before a join and nothing else can happen."""
    message = f"join {path.step} waits for branches that will not arrive"
    move.record(
        "step.failed", path, step=path.step, error=message, error_type=JOIN_UNREACHABLE
    )
    move.fail_run(path.step, JOIN_UNREACHABLE, message)


def _sources(
    move: Move, step: JoinStep, arrivals: Sequence[Path], quiet: bool
) -> list[Path] | None:
    """Return the paths to take values from, None while the join must wait."""
    if step.branches:
        named = [move.paths[name] for name in step.branches if name in move.paths]
        sources = [path for path in named if _has_arrived(path, step, quiet)]
        needed = step.count or len(step.branches)
        return sources if len(sources) >= needed else None
    ended = [p for p in move.paths.values() if p.phase is PathPhase.ENDED]
    sources = ended if len(arrivals) == 1 else [*arrivals, *ended]
    if step.count:
        return sources if len(sources) >= step.count else None
    return sources if quiet else None


def _has_arrived(path: Path, step: JoinStep, quiet: bool) -> bool:
    if path.phase is PathPhase.JOINING:
        return path.step == step.name
    # A parked branch may still be brought back, as long as anything moves.
    return path.phase in _OVER or (quiet and path.phase is PathPhase.PARKED)


def _go_on(
    move: Move, step: JoinStep, arrivals: Sequence[Path], sources: Sequence[Path]
) -> None:
    if not move.count_start():
        move.fail_limit(step.name)
        return
    host = _host(move, step, arrivals, sources)
    taken = {path.name for path in (*sources, *arrivals)} - {host.name}
    _mark_late(move, step, taken | {host.name})
    for name in taken:
        move.put(replace(move.paths[name], phase=PathPhase.MERGED))
    values = _mapped(step, sources)
    host = move.put(replace(host, phase=PathPhase.LIVE, step=step.name))
    move.record("step.started", host, step=step.name, kind="join")
    variables = {**host.variables, **values}
    try:
        # A loop of joins that keep whole branches would double them every time.
        size_of(variables)
    except ExpressionError as error:
        fail_step(
            move, host, EXPRESSION, f"what {step.name} brings together is {error}"
        )
        return
    finish_step(move, replace(host, variables=variables), values)


def _host(
    move: Move, step: JoinStep, arrivals: Sequence[Path], sources: Sequence[Path]
) -> Path:
    names = {path.name for path in sources}
    for path in arrivals:
        if path.name not in names:
            return path
    first = sources[0]
    parent = move.paths.get(first.parent)
    if parent is not None and parent.phase is PathPhase.PARKED:
        return parent
    return next((path for path in arrivals if path.name == first.name), arrivals[0])


def _mark_late(move: Move, step: JoinStep, present: set[str]) -> None:
    """Remember in every branch that is still under way that the join is over."""
    for path in list(move.paths.values()):
        awaited = path.name in step.branches if step.branches else True
        under_way = path.phase is PathPhase.LIVE
        if awaited and under_way and path.name not in present:
            move.put(replace(path, late_for=step.name))


def _mapped(step: JoinStep, sources: Sequence[Path]) -> dict[str, Any]:
    """Return the variables a join sets; what a branch does not have is skipped."""
    values: dict[str, Any] = {}
    for path in sources:
        mapped = False
        for source, target in step.mappings.items():
            branch, _, variable = source.partition(".")
            if branch != path.name:
                continue
            mapped = True
            found, value = look_up(path.variables, variable)
            if found:
                values[target] = value
        if not mapped:
            values[path.name] = dict(path.variables)
    return values


def look_up(variables: Mapping[str, Any], dotted: str) -> tuple[bool, Any]:
    """Return whether ``a.b`` leads to a value in ``variables``, and the value.

    "" is all of them. Arrays have no names, so nothing is found in them.
    """
    value: Any = dict(variables)
    for name in dotted.split(".") if dotted else ():
        if not isinstance(value, dict) or name not in value:
            return False, None
        value = value[name]
    return True, value
