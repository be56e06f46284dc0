"""Whether the names in a spec lead somewhere; each step alone has been read before."""

from collections.abc import Iterator, Sequence

from apps.engine.parsing_fields import Report
from apps.engine.spec import (
    MAIN,
    Edge,
    EventWaitStep,
    InteractionStep,
    JoinStep,
    OutputField,
    PauseStep,
    StepShape,
    WaitSignalStep,
)


def check_references(
    report: Report,
    steps: Sequence[StepShape],
    outputs: Sequence[OutputField],
    start_at: str,
) -> None:
    """Report duplicate names and names of steps and branches that do not exist."""
    names = _check_unique_names(report, steps)
    branches = _check_branches(report, steps)
    if start_at and start_at not in names:
        report.add("start_at", f"there is no step {start_at}")
    for where, target in _targets(steps):
        if target and target not in names:
            report.add(where, f"there is no step {target}")
    graph = any(step.edges for step in steps)
    for index, step in enumerate(steps):
        if isinstance(step, JoinStep):
            _check_join(report, f"steps[{index}].join", step, branches)
        if isinstance(step, PauseStep) and graph and not step.edges:
            report.add(f"steps[{index}].next", "a pause step needs a next step")
    for index, output in enumerate(outputs):
        if output.branch != MAIN and output.branch not in branches:
            report.add(
                f"outputs[{index}].branch", f"there is no branch {output.branch}"
            )


def _check_unique_names(report: Report, steps: Sequence[StepShape]) -> frozenset[str]:
    first: dict[str, int] = {}
    for index, step in enumerate(steps):
        if step.name in first:
            report.add(
                f"steps[{index}].name", f"same as steps[{first[step.name]}].name"
            )
        elif step.name:
            first[step.name] = index
    return frozenset(first)


def _check_branches(report: Report, steps: Sequence[StepShape]) -> frozenset[str]:
    found: set[str] = set()
    for where, edge in _edges(steps):
        if edge.branch == MAIN:
            report.add(f"{where}.branch", f"{MAIN} is the name of the first branch")
        elif edge.branch in found:
            report.add(f"{where}.branch", f"{edge.branch} is used by another edge")
        elif edge.branch:
            found.add(edge.branch)
    return frozenset(found)


def _check_join(
    report: Report, path: str, step: JoinStep, branches: frozenset[str]
) -> None:
    for index, name in enumerate(step.branches):
        if name not in branches:
            report.add(f"{path}.branches[{index}]", f"there is no branch {name}")
        elif name in step.branches[:index]:
            report.add(f"{path}.branches[{index}]", f"{name} is listed twice")
    if step.branches and step.count > len(step.branches):
        report.add(f"{path}.count", f"only {len(step.branches)} branches are listed")
    for source in step.mappings:
        name = source.split(".", 1)[0]
        if name not in (step.branches or branches):
            report.add(f"{path}.branch_mappings.{source}", f"no branch {name} arrives")


def _edges(steps: Sequence[StepShape]) -> Iterator[tuple[str, Edge]]:
    for index, step in enumerate(steps):
        for position, edge in enumerate(step.edges):
            yield f"steps[{index}].next[{position}]", edge


def _targets(steps: Sequence[StepShape]) -> Iterator[tuple[str, str]]:
    """Yield where a step is named, and the name; blanks were reported before."""
    for where, edge in _edges(steps):
        yield f"{where}.step", edge.step
    for index, step in enumerate(steps):
        for position, rule in enumerate(step.catch):
            yield f"steps[{index}].catch[{position}].next", rule.next
        if isinstance(step, WaitSignalStep):
            yield f"steps[{index}].wait_signal.on_timeout", step.on_timeout
        if isinstance(step, EventWaitStep):
            yield f"steps[{index}].wait_for_event.on_timeout", step.on_timeout
        if isinstance(step, InteractionStep):
            yield f"steps[{index}].interaction.on_timeout", step.on_timeout
