"""Work for workers: the queue, the leases, the worker protocol.

Owns     Job (one row per attempt), Worker (presence), the lease keys in Redis, the
         four verbs claim, heartbeat, events, complete, and the rescue of lost jobs.
Imports  run_events, source_events, identity, realtime, api, kernel.
Promises a job is in one worker's hands at a time, and a report counts only while the
         fence (worker_id, attempt) in PostgreSQL still holds.
"""
