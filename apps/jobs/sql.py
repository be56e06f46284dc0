"""The hot statements of the queue. Each is one round trip; each says its promise.

What waits on the server's own queue (``queues.SERVER_QUEUE``) is never a worker's.
They go through Django's cursor, so they take part in the caller's transaction, and
stand alone as their own when there is none.
"""

from typing import Final

#: The place in its trace of a job that somebody holds, as ``tracing.place_of`` says it.
PLACE: Final = """CASE WHEN %(traced)s::boolean THEN
    overlay(traceparent placing left(encode(sha256(id::bytea), 'hex'), 16) from 37) END
"""

#: What is known of an attempt when it ends: ``spans.Spent``.
SPENT: Final = "run_id, action, attempt, available_at, claimed_at, traceparent"

#: Insert attempts; a second insert of the same attempt changes nothing.
ENQUEUE: Final = """
INSERT INTO jobs_job
    (id, project_id, run_id, task_id, workflow_name, step_name, path, action, queue,
     parameters, status, attempt, max_attempts, available_at, timeout_seconds, origin,
     traceparent, worker_id, cancel_requested, error_type, error_message, created_at,
     updated_at)
SELECT x.id, x.project_id, x.run_id, x.task_id, x.workflow_name, x.step_name, x.path,
       x.action, x.queue, x.parameters, 'pending', x.attempt, x.max_attempts,
       x.available_at, x.timeout_seconds, x.origin, x.traceparent, '', false, '', '',
       %(now)s, %(now)s
FROM jsonb_to_recordset(%(rows)s::jsonb) AS x(
    id text, project_id text, run_id text, task_id int, workflow_name text,
    step_name text, path text, action text, queue text, parameters jsonb, attempt int,
    max_attempts int, available_at timestamptz, timeout_seconds double precision,
    origin text, traceparent text)
ON CONFLICT (run_id, task_id, attempt) DO NOTHING
"""

#: Who may speak for a job: over HTTP worker and attempt, over the socket the token of
#: the claim. A claim of one kind is never held by the other's word.
_HELD: Final = """status = 'claimed'
  AND lease_token = %(lease_token)s::text
  AND (lease_token <> '' OR worker_id = %(worker_id)s::text AND attempt = %(attempt)s)
"""

_TAKE: Final = f"""
, claimed AS (
    UPDATE jobs_job j
    SET status = 'claimed', worker_id = %(worker_id)s::text, claimed_at = %(now)s,
        lease_token = %(lease_token)s::text, heartbeat_at = %(now)s,
        lease_expires_at = %(lease_expires_at)s,
        deadline_at = %(now)s + j.timeout_seconds * interval '1 second',
        updated_at = %(now)s
    FROM picked WHERE j.id = picked.id
    RETURNING j.id, j.run_id, j.workflow_name, j.step_name, j.action, j.parameters,
              j.attempt, j.queue, j.task_id, j.origin, j.traceparent
), told AS (
    INSERT INTO source_events_sourceevent
        (id, project_id, event_type, source_kind, source_id, run_id, event, meta,
         created_at, due_at, failures, last_error, traceparent)
    SELECT %(event_id)s::text, %(project_id)s::text, 'job.claimed', 'job', id, run_id,
           jsonb_build_object('job_id', id, 'task_id', task_id, 'attempt', attempt,
                              'worker_id', %(worker_id)s::text),
           '{{"event_type": "job.claimed"}}', %(now)s, %(now)s, 0, '', {PLACE}
    FROM claimed
)
SELECT id, run_id, workflow_name, step_name, action, parameters, attempt, queue,
       origin, traceparent
FROM claimed
"""

_PICK: Final = (
    """
picked AS (
    SELECT head.id
    FROM wanted
    CROSS JOIN LATERAL (
        SELECT id, available_at FROM jobs_job
        WHERE status = 'pending' AND project_id = %(project_id)s::text
          AND queue = wanted.queue AND available_at <= %(now)s
          AND wanted.queue <> 'mobius.server'
          AND (%(actions)s::text[] IS NULL OR action = ANY(%(actions)s))
        ORDER BY available_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) head
    ORDER BY head.available_at, head.id LIMIT 1
)"""
    + _TAKE
)

#: Claim the job that is due longest on one queue, as most workers do. Without a list
#: the plan does not depend on the values, so PostgreSQL makes it once.
CLAIM_FROM_ONE: Final = (
    """
WITH picked AS (
    SELECT id FROM jobs_job
    WHERE status = 'pending' AND project_id = %(project_id)s::text
      AND queue = %(queue)s::text AND available_at <= %(now)s
      AND (%(actions)s::text[] IS NULL OR action = ANY(%(actions)s))
    ORDER BY available_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
)"""
    + _TAKE
)

#: Claim the job that is due longest on some queues. Asks each queue's own part of the
#: index for its head instead of sorting everything that waits.
CLAIM_FROM_QUEUES: Final = (
    """
WITH wanted AS (SELECT unnest(%(queues)s::text[]) AS queue),"""
    + _PICK
)

#: Claim the job that is due longest on any queue of the project: the same, over the
#: queues that hold pending jobs, found by hopping from one to the next in the index.
CLAIM_FROM_ANY: Final = (
    """
WITH RECURSIVE wanted AS (
    (SELECT queue FROM jobs_job
     WHERE status = 'pending' AND project_id = %(project_id)s::text
     ORDER BY queue LIMIT 1)
    UNION ALL
    SELECT (SELECT queue FROM jobs_job
            WHERE status = 'pending' AND project_id = %(project_id)s::text
              AND queue > wanted.queue
            ORDER BY queue LIMIT 1)
    FROM wanted WHERE wanted.queue IS NOT NULL
),"""
    + _PICK
)

#: Return a claim to the queue as the same attempt, due at once or at an instant.
GIVE_BACK: Final = f"""
UPDATE jobs_job
SET status = 'pending', worker_id = '', lease_token = '', claimed_at = NULL,
    heartbeat_at = NULL, lease_expires_at = NULL, deadline_at = NULL,
    available_at = coalesce(%(due_at)s::timestamptz, available_at)
WHERE id = %(job_id)s::text AND project_id = %(project_id)s::text
  AND NOT cancel_requested AND {_HELD}
RETURNING queue, action
"""

#: What a heartbeat must know. Takes no lock.
READ_FENCE: Final = f"""
SELECT {_HELD}, cancel_requested, lease_expires_at, worker_id, attempt
FROM jobs_job WHERE id = %(job_id)s::text AND project_id = %(project_id)s::text
"""

#: Copy a prolonged lease to the row, if the fence still holds.
EXTEND: Final = f"""
UPDATE jobs_job SET heartbeat_at = %(now)s, lease_expires_at = %(lease_expires_at)s
WHERE id = %(job_id)s::text AND project_id = %(project_id)s::text AND {_HELD}
RETURNING cancel_requested
"""

#: Accept a report if the fence holds, and say so to the dispatcher. A report for a
#: cancelled run ends the job and moves nothing.
COMPLETE: Final = f"""
WITH done AS (
    UPDATE jobs_job
    SET status = CASE WHEN cancel_requested THEN 'cancelled' ELSE %(status)s::text END,
        finished_at = %(now)s, updated_at = %(now)s, result = %(result)s,
        error_type = %(error_type)s::text, error_message = %(error_message)s::text
    WHERE id = %(job_id)s AND project_id = %(project_id)s::text AND {_HELD}
    RETURNING id, run_id, task_id, attempt, available_at, claimed_at, action,
              cancel_requested, traceparent
), told AS (
    INSERT INTO source_events_sourceevent
        (id, project_id, event_type, source_kind, source_id, run_id, event, meta,
         created_at, due_at, failures, last_error, traceparent)
    SELECT %(event_id)s::text, %(project_id)s::text, %(event_type)s::text, 'job', id,
           run_id,
           jsonb_build_object('job_id', id, 'task_id', task_id, 'attempt', attempt,
                              'claimed_at', claimed_at) || %(event)s::jsonb,
           jsonb_build_object('event_type', %(event_type)s::text),
           %(now)s, %(now)s, 0, '', {PLACE}
    FROM done WHERE NOT cancel_requested
)
SELECT cancel_requested, {SPENT} FROM done
"""

#: A run ended: what nobody holds vanishes, what somebody holds is told to stop: returns
#: what is held over a socket, because its worker can be told at once.
CANCEL_JOBS: Final = """
UPDATE jobs_job
SET status = CASE WHEN status = 'pending' THEN 'cancelled' ELSE status END,
    finished_at = CASE WHEN status = 'pending' THEN %(now)s ELSE finished_at END,
    cancel_requested = true, updated_at = %(now)s
WHERE run_id = ANY(%(run_ids)s) AND status IN ('pending', 'claimed')
RETURNING id, status = 'claimed' AND lease_token <> ''
"""

#: Leases that ran out by the row's own copy, and attempts past their time limit.
FIND_OVERDUE: Final = """
(SELECT id, worker_id, attempt, lease_token, lease_expires_at, deadline_at
 FROM jobs_job WHERE status = 'claimed' AND lease_expires_at < %(now)s
 ORDER BY lease_expires_at LIMIT %(limit)s)
UNION
(SELECT id, worker_id, attempt, lease_token, lease_expires_at, deadline_at
 FROM jobs_job WHERE status = 'claimed' AND deadline_at < %(now)s
 ORDER BY deadline_at LIMIT %(limit)s)
"""

#: Take one job back if nothing changed since it was found overdue.
TAKE_BACK: Final = f"""
UPDATE jobs_job
SET status = CASE WHEN cancel_requested THEN 'cancelled' ELSE %(status)s::text END,
    finished_at = %(now)s, updated_at = %(now)s, error_type = %(error_type)s::text,
    error_message = %(error_message)s::text
WHERE id = %(job_id)s::text AND {_HELD} AND lease_expires_at = %(lease_expires_at)s
RETURNING project_id, run_id, task_id, cancel_requested, {SPENT}
"""

#: A worker showed itself.
TOUCH_WORKER: Final = """
INSERT INTO jobs_worker (id, project_id, worker_id, name, version, queues, actions,
                         last_seen_at, last_heartbeat_at, created_at)
VALUES (%(id)s, %(project_id)s, %(worker_id)s, %(name)s, %(version)s, %(queues)s,
        %(actions)s, %(now)s, %(now)s, %(now)s)
ON CONFLICT (project_id, worker_id) DO UPDATE
SET name = CASE WHEN excluded.name = '' THEN jobs_worker.name ELSE excluded.name END,
    version = CASE WHEN excluded.version = '' THEN jobs_worker.version
                   ELSE excluded.version END,
    queues = excluded.queues, actions = excluded.actions,
    last_seen_at = excluded.last_seen_at,
    last_heartbeat_at = excluded.last_heartbeat_at
"""

#: A worker's heartbeat for a job also shows the worker.
TOUCH_KNOWN_WORKER: Final = """
UPDATE jobs_worker SET last_seen_at = %(now)s, last_heartbeat_at = %(now)s
WHERE project_id = %(project_id)s::text AND worker_id = %(worker_id)s::text
"""
