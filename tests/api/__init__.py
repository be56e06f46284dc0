"""HTTP manners: bodies, cursors, idempotency, errors."""
