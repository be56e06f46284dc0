"""The id of a request: the caller's own, or ours."""

import uuid


def request_id(sent: str | None) -> str:
    """Return the caller's own request id when it is a short plain word, else ours."""
    if sent and len(sent) <= 128 and sent.isascii() and sent.isprintable():
        return sent
    return uuid.uuid4().hex
