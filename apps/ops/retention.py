"""What retention asks of the tables: which runs are old and needed by nobody.

Each look-up is written so that PostgreSQL can only do it run by run, through an
index: ``OFFSET 0`` keeps it from reading all jobs to find those of a few runs, and
``coalesce`` from going through the whole outbox for one event of it. Ids compare byte
by byte, ``source_id`` by the collation of the database, as its index does.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from apps.identity.models import Project
from apps.identity.retention import retention_of

#: How long a dispatched event that moved a run stays, for people who look for why;
#: never longer than the project's runs.
KEEP_DISPATCHED: Final = timedelta(days=3)
#: How long messages that were delivered, or finally were not, stay.
KEEP_DELIVERIES: Final = timedelta(days=30)
#: How long it can be seen why a trigger did or did not start runs.
KEEP_FIRES: Final = timedelta(days=30)
#: How long it can be seen who called which action, and what came of it.
KEEP_CALLS: Final = timedelta(days=30)

#: Between the two looks at a spec that nobody refers to; no start takes that long.
SPEC_GRACE: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Ages:
    """A project and the instants before which what is over may go."""

    project_id: str
    now: datetime
    runs: datetime
    run_events: datetime
    source_events: datetime
    internal_events: datetime

    @classmethod
    def of(cls, project: Project, now: datetime) -> Self:
        """Return the ages that are in force for a project."""
        keep = retention_of(project)
        runs = timedelta(days=keep.keep_runs_days)
        return cls(
            project_id=project.id,
            now=now,
            runs=now - runs,
            run_events=now - timedelta(days=keep.keep_run_events_days),
            source_events=now - timedelta(days=keep.keep_source_events_days),
            internal_events=now - min(KEEP_DISPATCHED, runs),
        )

    @property
    def trims_timelines(self) -> bool:
        """Say whether timelines go before their runs."""
        return self.run_events > self.runs


#: Something of the run ``r`` is not over. A timer that is not due is nothing: nobody
#: waits for it any more. An event that failed is, until somebody has looked at it.
#: ``coalesce`` keeps PostgreSQL from reading all queued fires and messages each time,
#: when it believes that there are none.
NEEDED: Final = """(
    EXISTS (SELECT FROM jobs_job AS j
            WHERE j.run_id = r.id AND j.status IN ('pending', 'claimed') OFFSET 0)
 OR EXISTS (SELECT FROM source_events_sourceevent AS e
            WHERE e.run_id = r.id AND e.run_id <> '' AND e.dispatched_at IS NULL
              AND (e.due_at <= %(now)s OR e.failures > 0) OFFSET 0)
 OR EXISTS (SELECT FROM source_events_sourceevent AS e
            WHERE e.source_id = r.id COLLATE "default" AND e.public
              AND coalesce(e.dispatched_at, 'infinity') = 'infinity' OFFSET 0)
 OR EXISTS (SELECT FROM interactions_interaction AS q
            WHERE q.run_id = r.id AND (q.status IN ('pending', 'in_review')
               OR EXISTS (SELECT FROM source_events_sourceevent AS e
                          WHERE e.source_id = q.id COLLATE "default"
                            AND e.dispatched_at IS NULL
                            AND e.run_id = '' AND NOT e.public
                            AND (e.due_at <= %(now)s OR e.failures > 0) OFFSET 0))
            OFFSET 0)
 OR EXISTS (SELECT FROM source_events_sourceevent AS e
            WHERE e.source_id = r.id COLLATE "default" AND e.public AND EXISTS (
                SELECT FROM triggers_triggerfire AS f
                WHERE f.source_event_id = e.id AND f.source_event_id <> ''
                  AND coalesce(f.status, '') = 'queued' OFFSET 0) OFFSET 0)
 OR EXISTS (SELECT FROM source_events_sourceevent AS e
            WHERE e.run_id = r.id AND e.public AND EXISTS (
                SELECT FROM triggers_triggerfire AS f
                WHERE f.source_event_id = e.id AND f.source_event_id <> ''
                  AND coalesce(f.status, '') = 'queued' OFFSET 0) OFFSET 0)
 OR EXISTS (SELECT FROM deliveries_delivery AS d
            WHERE d.run_id = r.id AND d.run_id <> ''
              AND coalesce(d.status, '') = 'pending' OFFSET 0)
 OR EXISTS (SELECT FROM runs_run AS child
            WHERE child.parent_run_id = r.id AND child.parent_run_id <> ''
              AND child.completed_at IS NULL OFFSET 0)
)"""

#: Public facts that nobody needs: dispatched, no fire that they caused waits, and no
#: handler of the request that they hold.
SPENT_FACT: Final = """
    e.project_id = %(project_id)s AND e.public AND e.created_at < %(before)s
    AND e.dispatched_at IS NOT NULL
    AND NOT EXISTS (SELECT FROM triggers_triggerfire AS f
                    WHERE f.source_event_id = e.id AND f.source_event_id <> ''
                      AND coalesce(f.status, '') = 'queued' OFFSET 0)
    AND NOT (e.source_kind = 'http_trigger' AND EXISTS (
        SELECT FROM source_events_sourceevent AS w
        WHERE w.source_id = e.source_id AND w.dispatched_at IS NULL
          AND w.run_id = '' AND NOT w.public
          AND w.event ->> 'source_event_id' = e.id OFFSET 0))
"""

SPENT_INTERNAL: Final = """
    e.project_id = %(project_id)s AND NOT e.public AND e.dispatched_at < %(before)s
"""

UNUSED_SPEC: Final = """
    NOT EXISTS (SELECT FROM workflows_workflowversion AS v
                WHERE v.spec_id = s.digest OFFSET 0)
    AND NOT EXISTS (SELECT FROM runs_run AS r WHERE r.spec_digest = s.digest OFFSET 0)
"""
