"""Durable facts of a project; the outbox of the system.

Owns     SourceEvent, the catalogue of event types, publishing and reading public ones,
         who listens for them and what they say of an event, the hint to the dispatcher.
Imports  identity, realtime, api, kernel.
Promises an event exists exactly when the change it tells of was committed, and it
         stays undispatched until its effects are committed too. A public event that
         nobody in its project listens for costs no dispatch.
"""
