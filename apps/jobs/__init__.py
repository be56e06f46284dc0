"""Work for workers: the queue, the leases, the worker protocol.

Owns     Job (one row per attempt), Worker (presence, session), the lease keys in
         Redis, the four verbs claim, heartbeat, events, complete over HTTP, the
         worker socket with the same and more, and the rescue of lost jobs.
Imports  run_events, source_events, identity, realtime, api, kernel.
Promises a job is in one worker's hands at a time, and a report counts only while the
         fence in PostgreSQL still holds: (worker_id, attempt) of a claim over HTTP,
         the lease token of one over the socket.
"""
