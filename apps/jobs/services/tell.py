"""Tell those who hold jobs over a socket to stop."""

from collections.abc import Sequence
from datetime import datetime

from apps.api.rendering import instant
from apps.realtime.outbound import say

#: The kind of these messages on the live channel.
CANCEL = "job.cancel"


def tell_holders(job_ids: Sequence[str], *, reason: str, now: datetime) -> None:
    """Tell them after the commit. Who misses it hears of it with the next heartbeat."""
    if job_ids:
        say(CANCEL, jobs=list(job_ids), reason=reason, at=instant(now))
