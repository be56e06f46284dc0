"""The statements of jobs that the server runs itself.

They wait on ``queues.SERVER_QUEUE`` and are claimed many at a time, for all projects,
by the processes that run actions; report and rescue are those of every job.
"""

from typing import Final

from apps.jobs.queues import SERVER_QUEUE
from apps.jobs.sql import PLACE

#: Jobs with one action of one project are looked at up to this many at a time.
LOOK_AT: Final = 200

_WAITING: Final = f"status = 'pending' AND queue = '{SERVER_QUEUE}'"
#: What is slow or away is a host, where an action may be sent to any.
_ENDPOINT: Final = (
    "action || ' ' ||"
    " coalesce(substring(lower(parameters ->> 'url') from '^[a-z]+://([^/?#]+)'), '')"
)

#: Whether there is anything to claim.
LOOK: Final = f"""
SELECT EXISTS (SELECT FROM jobs_job WHERE {_WAITING} AND available_at <= %(now)s)
"""

#: Promises: up to %(free)s jobs, each in one process's hands; of one endpoint never
#: more than %(cap)s, those counted in %(busy)s included; projects take turns. Kinds of
#: work are found by hopping through the index, so that a long row of one kind is never
#: read to find another. Fence, lease and the news for the run commit together.
CLAIM: Final = f"""
WITH RECURSIVE kind AS (
    (SELECT project_id, action FROM jobs_job WHERE {_WAITING}
     ORDER BY project_id, action LIMIT 1)
    UNION ALL
    SELECT hop.project_id, hop.action FROM kind CROSS JOIN LATERAL (
        SELECT project_id, action FROM jobs_job
        WHERE {_WAITING} AND (project_id, action) > (kind.project_id, kind.action)
        ORDER BY project_id, action LIMIT 1
    ) hop
), due AS (
    SELECT head.* FROM kind CROSS JOIN LATERAL (
        SELECT id, project_id, available_at, {_ENDPOINT} AS endpoint FROM jobs_job
        WHERE {_WAITING} AND project_id = kind.project_id AND action = kind.action
          AND available_at <= %(now)s
        ORDER BY available_at, id LIMIT {LOOK_AT}
    ) head
), placed AS (
    SELECT id, project_id, available_at, endpoint, row_number() OVER (
        PARTITION BY project_id, endpoint ORDER BY available_at, id) AS place
    FROM due
), open AS (
    SELECT placed.id, placed.available_at, row_number() OVER (
        PARTITION BY placed.project_id ORDER BY placed.available_at, placed.id) AS turn
    FROM placed LEFT JOIN jsonb_to_recordset(%(busy)s::jsonb)
        AS busy(project_id text, endpoint text, count int) USING (project_id, endpoint)
    WHERE placed.place + coalesce(busy.count, 0) <= %(cap)s
), picked AS (
    SELECT j.id FROM open JOIN jobs_job j ON j.id = open.id
    WHERE j.status = 'pending'
    ORDER BY open.turn, open.available_at, open.id LIMIT %(free)s
    FOR UPDATE OF j SKIP LOCKED
), claimed AS (
    UPDATE jobs_job j
    SET status = 'claimed', worker_id = %(worker_id)s::text, claimed_at = %(now)s,
        heartbeat_at = %(now)s, lease_expires_at = %(lease_expires_at)s,
        deadline_at = %(now)s + j.timeout_seconds * interval '1 second',
        updated_at = %(now)s
    FROM picked WHERE j.id = picked.id
    RETURNING j.id, j.project_id, j.run_id, j.task_id, j.step_name, j.action,
              j.parameters, j.attempt, j.timeout_seconds, j.traceparent,
              {_ENDPOINT} AS endpoint
), told AS (
    INSERT INTO source_events_sourceevent
        (id, project_id, event_type, source_kind, source_id, run_id, event, meta,
         created_at, due_at, failures, last_error, traceparent)
    SELECT event.id, c.project_id, 'job.claimed', 'job', c.id, c.run_id,
           jsonb_build_object('job_id', c.id, 'task_id', c.task_id, 'attempt',
                              c.attempt, 'worker_id', %(worker_id)s::text),
           '{{"event_type": "job.claimed"}}', %(now)s, %(now)s, 0, '', c.trace
    FROM (SELECT *, {PLACE} AS trace, row_number() OVER () AS place FROM claimed) c
    JOIN unnest(%(event_ids)s::text[]) WITH ORDINALITY AS event(id, place) USING (place)
)
SELECT id, project_id, run_id, task_id, step_name, action, parameters, attempt,
       timeout_seconds, endpoint, traceparent
FROM claimed
"""

#: Which of these jobs this process still holds, and which of them should stop.
WATCH: Final = """
SELECT id, cancel_requested FROM jobs_job
WHERE id = ANY(%(ids)s) AND status = 'claimed' AND worker_id = %(worker_id)s::text
"""

#: Prolong the leases of what this process holds.
EXTEND: Final = """
UPDATE jobs_job SET heartbeat_at = %(now)s, lease_expires_at = %(lease_expires_at)s
WHERE id = ANY(%(ids)s) AND status = 'claimed' AND worker_id = %(worker_id)s::text
"""
