"""Tables, transactions and locks in memory, for the dispatcher's matching of waits.

What runs against it is the real code: ``Awaited``, ``EventWait.wants`` and the engine.
Simulated is what PostgreSQL does for them: who sees what when, which transactions are
open, who holds the run's lock. Programs are generators; where they yield, another may
go on.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from apps.dispatch import matching_waits
from apps.dispatch.router import DueEvent
from apps.engine import RunState, Spec, advance
from apps.engine.decisions import CloseWait, Decision, OpenWait, SubscribeEvent
from apps.engine.events import Envelope
from apps.engine.inputs import EventReceived, Input, RunCreated, TimerFired
from apps.runs.waiting_events import EventWait, StoredEvent
from apps.source_events.catalog import Internal
from tests.engine.stories import NINE

RUN = "run_1"
KIND = "custom.x"
TICK = timedelta(milliseconds=1)
Program = Generator[None, None, None]


@dataclass(slots=True)
class Row:
    """An event of the outbox: a public one, or a timer of the run."""

    stored: StoredEvent
    due: DueEvent
    due_at: datetime
    dispatched: bool = False
    in_hand: bool = False


@dataclass(slots=True)
class Changes:
    """What a dispatcher's transaction is going to write."""

    state: RunState
    opened: list[EventWait] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    looked: list[int] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    timers: list[tuple[dict[str, Any], datetime]] = field(default_factory=list)


@dataclass(slots=True)
class Store:
    """Everything that is committed, and what is under way.

    ``taken`` are the events that resumed a wait, in order; ``unfair`` those that did
    although an older one was there to be seen, and timers that did although any was.
    ``unheard`` are the events whose publishers saw nobody listening.
    """

    spec: Spec
    now: datetime = NINE
    state: RunState = field(default_factory=lambda: RunState.begin({}))
    rows: list[Row] = field(default_factory=list)
    waits: dict[int, EventWait] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
    unfair: list[str] = field(default_factory=list)
    unheard: list[str] = field(default_factory=list)
    open: set[int] = field(default_factory=set)
    next_transaction: int = 1
    looking: int = 0
    locked: bool = False
    changes: Changes = field(default_factory=lambda: Changes(RunState.begin({})))
    _due_at: datetime | None = None

    def begin(self) -> int:
        """Open a transaction."""
        number = self.next_transaction
        self.next_transaction += 1
        self.open.add(number)
        return number

    def end(self, transaction: int) -> None:
        """Close a transaction: whoever looks now sees what it wrote."""
        self.open.discard(transaction)

    def is_locked(self) -> bool:
        """Say whether somebody else holds the run's lock."""
        return self.locked

    # What the dispatcher asks the tables.

    def find_waits(self, types: dict[str, str]) -> list[tuple[StoredEvent, EventWait]]:
        """Stand in for finding who wants an event."""
        events = [row.stored for row in self.rows if row.stored.id in types]
        return [(e, w) for e in events for w in self.waits.values() if w.wants(e)]

    def event_waits_of(self, tasks: Any) -> list[EventWait]:
        """Stand in for finding the wait of a timer."""
        return [self.waits[task] for _, task in tasks if task in self.waits]

    def look_back(self, wait: EventWait, run: Any) -> list[StoredEvent]:
        """Stand in for the look at everything. All that was taken came before."""
        found = [row.stored for row in self.rows if wait.wants(row.stored, run)]
        return [event for event in found if event.id not in self.taken]

    def undispatched_before(
        self, instant: datetime, projects: Any, *, but: Any
    ) -> list[StoredEvent]:
        """Stand in for the look at what is in other hands."""
        rows = [row for row in self.rows if not row.dispatched and is_news(row)]
        stored = [row.stored for row in rows if row.due_at <= instant]
        return [event for event in stored if event.id not in but]

    def transactions_now(self) -> tuple[int, int]:
        """Stand in for the oldest open transaction and the one who asks."""
        return min(self.open, default=self.next_transaction), self.looking

    def note_last_look(self, wait: EventWait, *, now: datetime) -> None:
        """Stand in for the note that a wait need not look again."""
        self.changes.looked.append(wait.task_id)

    def append_source_events(self, facts: Any, *, now: datetime) -> None:
        """Stand in for the outbox."""
        self.changes.timers += [(fact.event, fact.due_at) for fact in facts]

    # What happens.

    def publish(self, number: int) -> Program:
        """Append an event: the transaction has its number, its statement looks for
        listeners, it commits; it may stand still between any two of these."""
        at, transaction = self.now, self.begin()
        yield
        heard = bool(self.waits)
        yield
        self.add_event(number, at, heard=heard)
        self.end(transaction)

    def add_event(self, number: int, at: datetime, *, heard: bool) -> None:
        """Let everybody see an event."""
        id_ = f"evt_{number:03}"
        stored = StoredEvent(id_, "p", at, Envelope(KIND, "", {"n": number}, {}))
        due = DueEvent(id_, KIND, "", {"n": number}, 0)
        self.rows.append(Row(stored, due, at, dispatched=not heard))
        if not heard:
            self.unheard.append(id_)

    def begin_run(self) -> Program:
        """Let the run start and come to its first wait."""
        transaction, now = self.begin(), self.now
        self.locked = True
        changes = Changes(self.state)
        self._advance(changes, [RunCreated(now)], now)
        yield
        self._apply(changes)
        self.locked = False
        self.end(transaction)

    def dispatch(self, limit: int, *, crashes: bool) -> Program:
        """Take due events, do what they wake, and commit, or crash instead."""
        now = self.now
        due = [r for r in self.rows if not (r.dispatched or r.in_hand)]
        due = sorted((r for r in due if r.due_at <= now), key=lambda r: r.due_at)
        taken = due[:limit]
        if not taken:
            return
        transaction = self.begin()
        for row in taken:
            row.in_hand = True
        found = matching_waits.awaited([row.due for row in taken])
        yield
        while self.is_locked():
            yield
        self.locked, self.looking = True, transaction
        changes = self._progress(found, taken, now)
        yield
        if not crashes:
            self._apply(changes)
        self.let_go(taken, dispatched=not crashes)
        self.locked = False
        self.end(transaction)

    def let_go(self, taken: Sequence[Row], *, dispatched: bool) -> None:
        """Give rows free, done or still due."""
        for row in taken:
            row.in_hand, row.dispatched = False, dispatched

    def _progress(
        self, found: matching_waits.Awaited, taken: Sequence[Row], now: datetime
    ) -> Changes:
        self.changes = changes = Changes(self.state)
        locked: Any = [SimpleNamespace(id=RUN, state=self.state, spec=self.spec)]
        items = found.inputs(locked, now).get(RUN, []) if found.run_ids else []
        timers = [row.due.event["task_id"] for row in taken if not is_news(row)]
        inputs = [item.input for item in items]
        self._advance(changes, [*inputs, *(TimerFired(now, t) for t in timers)], now)
        return changes

    def _advance(
        self, changes: Changes, inputs: Sequence[Input], now: datetime
    ) -> None:
        for received in inputs:
            changes.state, decisions = advance(self.spec, changes.state, received)
            for decision in decisions:
                self._note(changes, decision, received, now)

    def _note(
        self, changes: Changes, decision: Decision, received: Input, now: datetime
    ) -> None:
        match decision:
            case OpenWait(task_id=task_id, due_at=due_at):
                if due_at is not None:
                    changes.timers.append(({"task_id": task_id}, due_at))
                self._due_at = due_at
            case SubscribeEvent(task_id=task_id, since=since):
                wanted = {"source_id": "", "match": {}, "condition": ""}
                more = {"reads_run": False, "within": {}}
                changes.opened.append(
                    EventWait(
                        id=f"wait_{task_id}",
                        run_id=RUN,
                        project_id="p",
                        task_id=task_id,
                        pattern=KIND,
                        listens_from=since,
                        due_at=self._due_at,
                        opened_at=now,
                        has_looked=False,
                        filter={**wanted, **more},
                    )
                )
                changes.timers.append(({"task_id": task_id, "look": 1}, now))
            case CloseWait(task_id=task_id, event_id=event_id):
                changes.closed.append(task_id)
                self._judge(changes, task_id, event_id)
                if event_id:
                    assert isinstance(received, EventReceived)
                    changes.taken.append(event_id)
            case _:
                pass

    def _judge(self, changes: Changes, task_id: int, event_id: str) -> None:
        """Note it when an event that could be seen was passed over."""
        news = [row.stored for row in self.rows if is_news(row)]
        mine = next((event for event in news if event.id == event_id), None)
        wait = next((w for w in changes.opened if w.task_id == task_id), None)
        wait = wait or self.waits.get(task_id)
        if wait is None:
            self.unfair.append("a wait that was over")
            return
        gone = {*self.taken, *changes.taken}
        if any(
            (mine is None or event.order < mine.order)
            and event.id not in gone
            and wait.wants(event)
            for event in news
        ):
            self.unfair.append(event_id or "timer")

    def _apply(self, changes: Changes) -> None:
        self.state = changes.state
        for wait in changes.opened:
            self.waits[wait.task_id] = wait
        for task_id in changes.looked:
            if task_id in self.waits:
                looked = replace(self.waits[task_id], has_looked=True)
                self.waits[task_id] = looked
        for task_id in changes.closed:
            self.waits.pop(task_id, None)
        self.taken += changes.taken
        for event, due_at in changes.timers:
            id_ = f"timer_{len(self.rows):03}"
            stored = StoredEvent(id_, "p", due_at, Envelope("", "", {}, {}))
            due = DueEvent(id_, Internal.WAIT_DUE, RUN, event, 0)
            self.rows.append(Row(stored, due, due_at))


def is_news(row: Row) -> bool:
    """Say whether a row is a public event, not a timer."""
    return row.due.event_type == KIND
