"""Durable facts of a project; the outbox of the system.

Owns     SourceEvent, the catalogue of event types, the hint to the dispatcher.
Imports  identity, realtime, api, kernel.
Promises an event exists exactly when the change it tells of was committed, and it
         stays undispatched until its effects are committed too.
"""
