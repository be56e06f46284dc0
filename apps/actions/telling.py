"""Word to those who wait for a direct call; who misses it looks for themselves."""

from typing import Final

from apps.realtime.outbound import say

#: The kind of these messages on the live channel.
ENDED: Final = "action.ended"


def say_ended(invocation_id: str) -> None:
    """Tell every web process, after the commit, that a call has ended."""
    say(ENDED, invocation_id=invocation_id)
