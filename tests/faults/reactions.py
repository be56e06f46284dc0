"""A project that reacts: triggers and waits, and what became of each event.

reactions = Reactions(stack, stack.new_tenant())
trigger = reactions.on_event()
... publish while something breaks ...
reactions.settle()
assert reactions.fired(trigger) == reactions.published
"""

import contextlib
import http.client
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import psycopg

from tests.faults.checker import Checker
from tests.support.remote import Remote, Reply
from tests.support.specs import spec
from tests.support.stack import Stack, Tenant
from tests.support.waiting import wait_until

KIND: Final = "custom.order.paid"
#: A step that is over by itself.
REST: Final = {"name": "rest", "sleep": {"duration": "1ms"}}
SETTLE_SECONDS: Final = 60.0
_OURS: Final = "(SELECT id FROM identity_project WHERE handle = %s)"


def wait_for_event(name: str = "paid", **more: Any) -> dict[str, Any]:
    """A step that waits for an event."""
    return {"name": name, "wait_for_event": {"event_type": KIND, **more}}


class Reactions:
    """One project; ``published`` are its events in their order."""

    def __init__(self, stack: Stack, tenant: Tenant) -> None:
        self.stack = stack
        self.project = tenant.project
        self.remote: Remote = stack.remote(tenant)
        self.published: list[str] = []
        self._triggers: list[str] = []
        made = self._post("workflows", {"name": "quick", "spec": spec(REST)})
        self._workflow = made.body["id"]

    def create(self, name: str, kind: str, source: dict[str, Any], **more: Any) -> str:
        """Create a trigger of the quick workflow; return its id."""
        targets = [{"workflow_id": self._workflow}]
        body = {"name": name, "kind": kind, "source_config": source, **more}
        made = self._post("triggers", {"targets": targets, **body})
        self._triggers.append(made.body["id"])
        return self._triggers[-1]

    def switch_off(self) -> None:
        """Disable every trigger."""
        for trigger in self._triggers:
            off = self.remote.call("PATCH", f"triggers/{trigger}", {"enabled": False})
            assert off.status == 200, off

    def on_event(self, policy: str = "allow") -> str:
        """Create a trigger for every order that is paid; return its id."""
        counted = {} if policy == "allow" else {"max_concurrent_runs": 100}
        return self.create(
            policy, "event", {"event_type": KIND}, concurrency_policy=policy, **counted
        )

    def publish(self, number: int) -> str:
        """Publish an order until there is an answer: its key makes it one event."""
        order = {"n": number}
        body = {"event_type": KIND, "event": order, "dedup_key": f"order {number}"}
        event_id = str(self._post("source-events", body).body["source_event_id"])
        self.published.append(event_id)
        return event_id

    def settle(self) -> None:
        """Wait until nothing of the project is due."""
        due = (
            "SELECT count(*) FROM source_events_sourceevent WHERE dispatched_at IS NULL"
            f" AND due_at <= now() + interval '1 second' AND project_id = {_OURS}"
        )
        queued = (
            "SELECT count(*) FROM triggers_triggerfire WHERE status = 'queued'"
            f" AND project_id = {_OURS}"
        )
        wait_until(
            lambda: not any(self.count(q, self.project) for q in (due, queued)),
            seconds=SETTLE_SECONDS,
            every=0.1,
        )

    def fired(self, trigger: str) -> list[str]:
        """The events that started a run of a trigger, each as often as it did, in the
        order in which they were published."""
        found = self.rows(
            "SELECT true, source_event_id FROM runs_run WHERE trigger_id = %s"
            " UNION ALL SELECT false, source_event_id FROM triggers_triggerfire"
            " WHERE trigger_id = %s AND status = 'success'",
            *(trigger, trigger),
        )
        runs, fires = (
            [id_ for is_run, id_ in found if is_run is w] for w in (True, False)
        )
        assert Counter(runs) == Counter(fires)
        return sorted(runs, key=self.published.index)

    def slots(self, trigger: str, status: str = "success") -> list[datetime]:
        """The slots of a schedule with fires of a status, in their order; each that
        succeeded has started one run."""
        fires = self.rows(
            "SELECT scheduled_at, (SELECT count(*) FROM runs_run AS r WHERE"
            " r.trigger_id = f.trigger_id AND r.source_event_id = f.source_event_id)"
            " FROM triggers_triggerfire AS f WHERE trigger_id = %s AND status = %s",
            *(trigger, status),
        )
        wanted = int(status == "success")
        assert {runs for _, runs in fires} <= {wanted}
        return sorted(slot for slot, _ in fires)

    def taken(self, run_id: str) -> list[str]:
        """The events that a run's waits took, in the order of its steps."""
        found = self.rows(
            "SELECT event_id FROM runs_wait WHERE run_id = %s AND event_id <> ''"
            " ORDER BY task_id",
            run_id,
        )
        resumed = self.count(
            "SELECT count(*) FROM run_events_runevent"
            " WHERE run_id = %s AND type = 'wait.resumed'",
            run_id,
        )
        assert resumed == len(found)
        return [event_id for (event_id,) in found]

    def prove(self, checker: Checker) -> None:
        """Every other promise of the project holds as well."""
        self.settle()
        assert checker.violations(self.project, []) == []
        failing = (
            "SELECT count(*) FROM source_events_sourceevent WHERE failures > 0"
            f" AND project_id = {_OURS}"
        )
        assert self.count(failing, self.project) == 0

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the stack's database."""
        with psycopg.connect(self.stack.database_url) as connection:
            return connection.execute(query.encode(), values or None).fetchall()

    def count(self, query: str, *values: Any) -> int:
        """Ask it for a number."""
        return int(self.rows(query, *values)[0][0])

    @contextlib.contextmanager
    def locked(self, table: str, id_: str) -> Iterator[None]:
        """Hold the lock of a row."""
        with psycopg.connect(self.stack.database_url) as connection:
            query = f"SELECT FROM {table} WHERE id = %s FOR UPDATE"
            connection.execute(query.encode(), [id_])
            yield

    def _post(self, path: str, body: dict[str, Any]) -> Reply:
        """Ask until there is an answer."""
        replies: list[Reply] = []

        def answered() -> bool:
            with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
                replies.append(self.remote.post(path, body))
            return bool(replies) and replies[-1].status != 503

        wait_until(answered, every=0.1)
        assert replies[-1].status in (201, 202), replies[-1]
        return replies[-1]
