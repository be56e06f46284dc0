"""What a source event wakes.

Owns     the router and the drain: take due events in batches, do what they wake,
         once.
Imports  runs and everything below.
Promises an event and its effects commit together; one that fails delays itself only.
"""
