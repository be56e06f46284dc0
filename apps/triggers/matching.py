"""Whether an event sets a trigger off, check by check, each in words."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from apps.engine.expressions import ExpressionError
from apps.runs.limits import DEPTH_MAX
from apps.source_events.catalog import entry_of, pattern_matches
from apps.source_events.explaining import Check
from apps.triggers.authored import condition_holds
from apps.triggers.models import Trigger, TriggerKind


class Happened(Protocol):
    """What matching needs to know of an event."""

    @property
    def project_id(self) -> str: ...
    @property
    def event_type(self) -> str: ...
    @property
    def source_id(self) -> str: ...
    @property
    def event(self) -> Mapping[str, Any]: ...
    @property
    def meta(self) -> Mapping[str, Any]: ...
    @property
    def depth(self) -> int: ...


class Verdict(NamedTuple):
    """Whether a trigger wants an event; ``error`` is why that is not known."""

    wanted: bool
    error: str = ""


def verdict(trigger: Trigger, event: Happened) -> Verdict:
    """Decide, asking no more than needed."""
    for check in checks(trigger, event):
        if not check.holds:
            return Verdict(False, check.error)
    return Verdict(True)


def checks(trigger: Trigger, event: Happened) -> Iterator[Check]:
    """Yield every check of a match; all of them have to hold."""
    config = trigger.source_config
    pattern = config.get("event_type", "")
    yield Check(
        trigger.kind == TriggerKind.EVENT,
        f"the trigger waits for events: it is of kind {trigger.kind}",
    )
    yield Check(trigger.enabled, "the trigger is enabled")
    yield Check(trigger.project.archived_at is None, "the project is not archived")
    yield Check(
        trigger.project_id == event.project_id, "both belong to the same project"
    )
    entry = entry_of(event.event_type)
    yield Check(
        entry is not None and entry.triggerable,
        f"{event.event_type} may start runs",
    )
    yield Check(
        pattern_matches(pattern, event.event_type),
        f"the type {event.event_type} matches {pattern or 'nothing'}",
    )
    if source_id := config.get("source_id", ""):
        yield Check(
            source_id == event.source_id,
            f"the source is {source_id}; that of the event is"
            f" {event.source_id or 'none'}",
        )
    roots = {"event": event.event, "meta": event.meta, "inputs": {}}
    for name, condition in (
        ("condition", config.get("condition", "")),
        ("filter", trigger.filter_config.get("condition", "")),
    ):
        if condition:
            yield _check(name, condition, roots)


def explained(trigger: Trigger, event: Happened) -> list[Check]:
    """Return every check, also those of the targets and of the depth."""
    found = list(checks(trigger, event))
    found.append(
        Check(
            event.depth < DEPTH_MAX,
            f"{event.depth} runs led to it, fewer than {DEPTH_MAX}",
        )
    )
    roots = {"event": event.event, "meta": event.meta, "inputs": {}}
    for number, target in enumerate(trigger.targets, start=1):
        name = f"condition of target {number}"
        found.append(_check(name, target.get("condition", ""), roots))
    return found


def _check(name: str, condition: str, roots: Mapping[str, Any]) -> Check:
    words = f"the {name} holds: {condition or 'there is none'}"
    try:
        return Check(condition_holds(condition, roots), words)
    except ExpressionError as error:
        why = f"the {name} cannot be decided: {error}"
        return Check(False, words, why)
