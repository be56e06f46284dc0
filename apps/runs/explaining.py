"""Why an event does, or does not, resume a wait: check by check, each in words."""

from collections.abc import Iterator

from apps.engine.codec import decode_state
from apps.engine.events import Envelope, EventFilter, covers, mismatch
from apps.engine.expressions import compile_expression
from apps.engine.roots import roots_at
from apps.kernel.errors import NotFound
from apps.runs.models import Run, Wait
from apps.runs.waiting_events import Roots
from apps.source_events.explaining import Check, Explanation
from apps.source_events.models import SourceEvent
from apps.workflows.specs import parsed_spec


def explain_wait(wait_id: str, event: SourceEvent) -> Explanation:
    """Return what came of an event at a wait, and whether it fits. A wait that is over
    says what would be if it were open.

    Raises:
        NotFound: there is no wait for events of this id.
    """
    wait = Wait.objects.filter(id=wait_id, event_filter__isnull=False).first()
    if wait is None:
        raise NotFound(f"there is no wait for events {wait_id}")
    return Explanation(_came(wait, event), list(checks(wait, event)))


def checks(wait: Wait, event: SourceEvent) -> Iterator[Check]:
    """Yield every check of a match; all of them have to hold. They are made with the
    functions that the dispatcher and the engine use."""
    yield Check(wait.project_id == event.project_id, "both belong to the same project")
    yield Check(
        covers(wait.subject, event.event_type),
        f"the type {event.event_type} matches {wait.subject}",
    )
    assert wait.listens_from is not None, "a wait for events listens from an instant on"
    yield Check(
        event.created_at >= wait.listens_from,
        f"it came at {event.created_at}, and the wait listens from"
        f" {wait.listens_from} on",
    )
    if wait.due_at is not None:
        yield Check(
            event.created_at < wait.due_at,
            f"it came before the time of the wait was up, at {wait.due_at}",
        )
    earlier = Wait.objects.filter(run_id=wait.run_id, event_id=event.id)
    earlier = earlier.filter(closed_at__lte=wait.created_at).exclude(id=wait.id)
    yield Check(not earlier.exists(), "no earlier wait of the run took it")
    yield from _filter_checks(wait, event)


def _filter_checks(wait: Wait, event: SourceEvent) -> Iterator[Check]:
    wanted = wait.event_filter or {}
    envelope = Envelope(event.event_type, event.source_id, event.event, event.meta)
    if source_id := wanted["source_id"]:
        why_not = mismatch(EventFilter(source_id), envelope)
        yield Check(not why_not, f"the source is {source_id}", why_not)
    for path, value in wanted["match"].items():
        why_not = mismatch(EventFilter(match={path: value}), envelope)
        yield Check(not why_not, f"{path} is {value!r:.100}", why_not)
    if source := wanted["condition"]:
        run = _roots(wait) if wanted["reads_run"] else None
        if run is None and wanted["reads_run"]:
            words = f"the condition reads the run, which has gone on: {source}"
            yield Check(True, words)
            return
        condition = EventFilter(condition=compile_expression(source))
        why_not = mismatch(condition, envelope, run)
        words = f"the condition holds: {source}"
        yield Check(not why_not, words, why_not and f"{why_not}: {source}")


def _roots(wait: Wait) -> Roots | None:
    """Return what the condition sees of the run, None once the wait is over."""
    run = (
        Run.objects.only("state", "inputs", "spec_digest")
        .filter(id=wait.run_id)
        .first()
    )
    if run is None or run.state is None:
        return None
    state = decode_state(run.state, run.inputs)
    return roots_at(parsed_spec(run.spec_digest), state, wait.task_id)


def _came(wait: Wait, event: SourceEvent) -> str:
    if wait.event_id == event.id:
        came = f"It ended the wait, at {wait.closed_at}: {wait.outcome}."
    elif wait.closed_at is not None:
        by = f" by {wait.event_id}" if wait.event_id else ""
        came = f"The wait is over since {wait.closed_at}: {wait.outcome}{by}."
    elif event.dispatched_at is None:
        came = "The wait is open, and the event is not dispatched yet."
    else:
        came = "The wait is open, and the event did not end it."
    return f"{came} As the wait stands now:"
