"""Which runs the events of a batch resume, by waits for events.

An event is never missed. It is appended either when its statement sees that somebody
listens, and then it is dispatched, or before it could see that: then its transaction
had its number before the wait was committed, and the wait finds it by looking. It looks
as soon as it is committed, again a second later, and as long as transactions are open
with a number below that of its first look: no other may have decided before. Meeting
an event before the last look, a wait looks at once.
Nor is one delivered twice: what is found here is a guess, made without locks; the
engine takes the first that fits and ignores the rest.

A wait takes the oldest event it can. Of those that fit, some may be in the hands of
other dispatchers; they are looked up under the run's lock and handed over first.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from apps.dispatch.router import DueEvent, is_signal
from apps.engine.inputs import EventReceived
from apps.engine.roots import roots_at
from apps.runs.services.progress import Received
from apps.runs.store import LockedRun
from apps.runs.waiting_events import (
    EventWait,
    Roots,
    StoredEvent,
    event_waits_of,
    find_waits,
    look_back,
    note_last_look,
    transactions_now,
    undispatched_before,
)
from apps.source_events.catalog import Internal, entry_of
from apps.source_events.services.append import Fact, append_source_events

LOOK_AGAIN: Final = timedelta(seconds=1)
LOOK_AGAIN_MAX: Final = timedelta(seconds=60)


@dataclass(slots=True)
class Awaited:
    """The waits that a batch may resume, and by which events."""

    batch: Sequence[DueEvent]
    waits: dict[str, EventWait] = field(default_factory=dict)
    fitting: dict[str, list[StoredEvent]] = field(
        default_factory=lambda: defaultdict(list)
    )
    looks: dict[str, DueEvent] = field(default_factory=dict)
    timed: list[EventWait] = field(default_factory=list)

    @property
    def _places(self) -> dict[str, str | None]:
        return {event.id: event.traceparent for event in self.batch}

    @property
    def run_ids(self) -> set[str]:
        """The runs that have to be locked before ``inputs`` is asked for."""
        return {wait.run_id for wait in self.waits.values()}

    def inputs(
        self, locked: Iterable[LockedRun], now: datetime
    ) -> dict[str, list[Received]]:
        """Return what the runs, which are locked, receive: the oldest event first.

        They go before the timers of the same batch: an event that came in time wins.
        """
        runs = {run.id: run for run in locked}
        roots = {
            wait.id: roots_at(run.spec, run.state, wait.task_id)
            for wait in self.waits.values()
            if (run := runs.get(wait.run_id)) is not None
        }
        if self.looks:
            self._look_again(transactions_now(), now)
        for wait in self.waits.values():
            if not wait.has_looked or wait.id in self.looks:
                self.fitting[wait.id] += look_back(wait, roots.get(wait.id))
        self._add_older(roots)
        received: dict[str, list[Received]] = defaultdict(list)
        for wait_id, events in self.fitting.items():
            wait = self.waits[wait_id]
            for event in sorted(set_of(events), key=lambda event: event.order):
                taken = EventReceived(now, wait.task_id, event.id, event.envelope)
                place = self._places.get(event.id)
                received[wait.run_id].append(Received(taken, traceparent=place))
        return received

    def _add_older(self, roots: Mapping[str, Roots | None]) -> None:
        """Add what others have in hand, or nobody yet, and came before ours."""
        until = [event.created_at for found in self.fitting.values() for event in found]
        until += [wait.due_at for wait in self.timed if wait.due_at is not None]
        if not until:
            return
        projects = {wait.project_id for wait in self.waits.values()}
        ours = [event.id for event in self.batch]
        older = undispatched_before(max(until), projects, but=ours)
        for wait in self.waits.values():
            run = roots.get(wait.id)
            self.fitting[wait.id] += [
                event
                for event in older
                if event.project_id == wait.project_id and wait.wants(event, run)
            ]

    def _look_again(self, open_now: tuple[int, int], now: datetime) -> None:
        """See to it that waits look again while transactions are open that may have
        appended without seeing them: all numbered below the transaction, this one
        or one before, in which they looked first. That saw them, so it began later."""
        oldest, own = open_now
        facts = []
        for wait_id, look in self.looks.items():
            wait = self.waits[wait_id]
            number, horizon = look.event["look"], look.event.get("horizon")
            if horizon is not None and oldest >= horizon:
                note_last_look(wait, now=now)
                continue
            again = {"look": number + 1, "horizon": horizon or own}
            delay = min(LOOK_AGAIN * 2 ** min(number - 1, 10), LOOK_AGAIN_MAX)
            facts.append(
                Fact(
                    wait.project_id,
                    Internal.WAIT_DUE,
                    source_kind="timer",
                    source_id=wait.run_id,
                    run_id=wait.run_id,
                    event={"task_id": wait.task_id, **again},
                    due_at=now + delay,
                )
            )
        append_source_events(facts, now=now)


def set_of(events: Sequence[StoredEvent]) -> list[StoredEvent]:
    """Return each event once."""
    return list({event.id: event for event in events}.values())


def awaited(batch: Sequence[DueEvent]) -> Awaited:
    """Find out which waits the events of a batch concern. Locks nothing."""
    found = Awaited(batch)
    types = {event.id: event.event_type for event in batch if _may_be_awaited(event)}
    for event, wait in find_waits(types) if types else ():
        found.waits[wait.id] = wait
        found.fitting[wait.id].append(event)
    timers: dict[tuple[str, int], DueEvent] = {}
    for due in batch:
        if due.event_type == Internal.WAIT_DUE:
            task: tuple[str, Any] = (due.run_id, due.event["task_id"])
            if "look" in due.event or task not in timers:
                timers[task] = due
    for wait in event_waits_of(timers) if timers else ():
        found.waits[wait.id] = wait
        due = timers[wait.run_id, wait.task_id]
        if "look" in due.event:
            found.looks[wait.id] = due
        else:
            found.timed.append(wait)
    return found


def _may_be_awaited(event: DueEvent) -> bool:
    """Say whether a type is public. Signals come to their run by themselves."""
    if is_signal(event.event_type):
        return False
    entry = entry_of(event.event_type)
    return entry is not None and entry.public
