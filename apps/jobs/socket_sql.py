"""The statements of worker sessions: who is on which socket."""

from typing import Final

#: A worker that was never seen gets a row; one that was keeps its own.
ENSURE_WORKER: Final = """
INSERT INTO jobs_worker (id, project_id, worker_id, name, version, queues, actions,
                         last_seen_at, last_heartbeat_at, created_at)
VALUES (%(id)s, %(project_id)s, %(worker_id)s, '', '', '{}', '{}', %(now)s, %(now)s,
        %(now)s)
ON CONFLICT (project_id, worker_id) DO NOTHING
"""

#: Two registrations of one worker go one after the other, and each after the claims
#: that are under way on the socket before.
LOCK_WORKER: Final = """
SELECT id, connection_id, connection_seen_at, session_digest, draining
FROM jobs_worker
WHERE project_id = %(project_id)s AND worker_id = %(worker_id)s FOR UPDATE
"""

#: The worker is on this connection from now on.
ENTER: Final = """
UPDATE jobs_worker
SET connection_id = %(connection_id)s, connection_seen_at = %(now)s,
    session_digest = %(session_digest)s, draining = %(draining)s, name = %(name)s,
    version = %(version)s, queues = %(queues)s, actions = %(actions)s,
    generates = %(generates)s::jsonb, concurrency_limit = %(concurrency_limit)s,
    last_seen_at = %(now)s, last_heartbeat_at = %(now)s
WHERE id = %(id)s
"""

#: What the worker holds over the socket, wherever it claimed it.
READ_HELD: Final = """
SELECT id, cancel_requested FROM jobs_job
WHERE project_id = %(project_id)s::text AND worker_id = %(worker_id)s::text
  AND status = 'claimed' AND lease_token <> ''
ORDER BY claimed_at, id
"""

#: A row if this connection is still the worker's and may claim. Holds off another
#: registration until the claim is committed: a job claimed in between would go to a
#: socket that nobody reads.
STAND: Final = """
SELECT FROM jobs_worker
WHERE id = %(id)s::text AND connection_id = %(connection_id)s::text AND NOT draining
FOR SHARE
"""

#: These connections are alive; returns those that are still their workers'.
KEEP: Final = """
UPDATE jobs_worker
SET connection_seen_at = %(now)s, last_seen_at = %(now)s, last_heartbeat_at = %(now)s
WHERE id = ANY(%(ids)s) AND connection_id = ANY(%(connection_ids)s)
RETURNING connection_id
"""

#: The worker hung up, unless it is somewhere else by now.
LEAVE: Final = """
UPDATE jobs_worker SET connection_id = '', connection_seen_at = NULL
WHERE id = %(id)s::text AND connection_id = %(connection_id)s::text
"""

#: Which of these workers could claim something now? Asks the index of the queue only.
FIND_WORK: Final = """
SELECT wanted.place
FROM jsonb_to_recordset(%(wanted)s::jsonb) AS wanted(
    place int, project_id text, queues text[], actions text[])
WHERE EXISTS (
    SELECT FROM jobs_job
    WHERE status = 'pending' AND project_id = wanted.project_id
      AND available_at <= %(now)s
      AND (wanted.queues = '{}' OR queue = ANY(wanted.queues))
      AND (wanted.actions = '{}' OR action = ANY(wanted.actions)))
"""
