"""Actions: what steps and callers may have done, by the server or by workers.

Owns     CustomAction, Invocation, the built-in actions, the catalogue, and the part of
         each Celery process that runs actions.
Imports  jobs, run_events, deliveries, secrets, identity, realtime, api, kernel, engine.
Promises an action of the server is a job like any other: in one process's hands at a
         time, rescued when that dies, told to the run exactly once. It is called with
         the same delivery id however often, through the guarded client, never inside a
         transaction; and no endpoint, however slow, takes all places.
"""
