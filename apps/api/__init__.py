"""HTTP manners, the same for every endpoint.

Owns     the error body, strict request bodies, cursors, idempotency keys, tags,
         JSON and instants on the wire.
Imports  kernel, DRF. Knows no domain and no caller.
Promises every non-2xx answer is {code, message, details, error}, every list is
         {items, has_more, next_cursor}, and a replayed request acts once.
"""
