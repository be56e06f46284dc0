"""Open inboxes of this process: told by messages, corrected by the table.

A message names the questions that changed and the principals they changed for. It may
be lost: after a loss every inbox is told to look, and now and then one query for all
inboxes together finds those whose turns came or went unnoticed. Another one finds
those whose account has signed out. So an idle inbox costs neither a thread nor a query.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Final

from django.conf import settings

from apps.api.rendering import to_json
from apps.inbox.selectors import prints_of
from apps.inbox.sessions import SignedIn, who_is_signed_in
from apps.interactions.telling import CHANGED
from apps.kernel import clock
from apps.kernel.errors import Unavailable
from apps.realtime.bridge import hop
from apps.realtime.subscription import Subscription

logger = logging.getLogger(__name__)

TICK_SECONDS: Final = 5.0
#: In ticks: how often sessions are looked at, and turns while messages arrive.
SESSION_TICKS: Final = 3
TURN_TICKS: Final = 6
#: Inboxes one process holds; more are turned away with 503.
INBOXES_MAX: Final = 10_000
#: More changed questions than this are told as "look at everything".
IDS_MAX: Final = 50

OPENED: Final = b"retry: 3000\n: open\n\n"
KEEP_ALIVE: Final = b": keep-alive\n\n"


class OpenInbox:
    """One open stream: what changed since it last spoke."""

    def __init__(
        self, session_key: str, who: SignedIn, prints: Mapping[str, str]
    ) -> None:
        self.session_key = session_key
        self.principal_ids = who.principal_ids
        self.prints = prints
        self.ended = False
        self._ids: dict[str, None] = {}
        self._everything = False
        self._news = asyncio.Event()

    def tell(self, interaction_id: str) -> None:
        """A question changed for one of its principals."""
        self._ids[interaction_id] = None
        self._everything = self._everything or len(self._ids) > IDS_MAX
        self._news.set()

    def tell_everything(self) -> None:
        """Something may have been missed."""
        self._everything = True
        self._news.set()

    def end(self) -> None:
        """Nobody may listen here any more."""
        self.ended = True
        self._news.set()

    async def wait(self) -> bool:
        """Wait for news; False when there was none for a keep-alive interval."""
        try:
            async with asyncio.timeout(settings.KEEP_ALIVE_SECONDS):
                await self._news.wait()
        except TimeoutError:
            return False
        return True

    def take(self) -> bytes:
        """Return what changed as an event; no ids mean that anything may have."""
        ids = [] if self._everything else list(self._ids)
        self._ids, self._everything = {}, False
        self._news.clear()
        return b"event: changed\ndata: %b\n\n" % to_json({"ids": ids})


class Inboxes:
    """All open inboxes of this process."""

    def __init__(self) -> None:
        self._open: set[OpenInbox] = set()
        self._of: dict[str, set[OpenInbox]] = {}
        self._subscription: Subscription | None = None
        self._watch: asyncio.Task[None] | None = None

    def start(self, subscription: Subscription) -> None:
        """Begin to listen and to watch, on the running loop."""
        self._subscription = subscription
        subscription.listen(CHANGED, self.receive)
        subscription.on_resync(self.tell_all)
        self._watch = asyncio.get_running_loop().create_task(self._watch_forever())

    async def stop(self) -> None:
        """End every stream and stop watching."""
        for inbox in tuple(self._open):
            inbox.end()
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None
        self._subscription = None

    def count(self) -> int:
        """Return how many inboxes are open."""
        return len(self._open)

    def require_room(self) -> None:
        """Let one more in, or not.

        Raises:
            Unavailable: this process holds as many as it may.
        """
        if len(self._open) >= INBOXES_MAX:
            raise Unavailable("this server holds as many inboxes as it may; try again")

    def receive(self, message: dict[str, Any]) -> None:
        """Pass the word on to the inboxes it concerns."""
        for item in message["changed"]:
            for principal_id in item["principals"]:
                for inbox in self._of.get(principal_id, ()):
                    inbox.tell(item["id"])

    def tell_all(self) -> None:
        """Messages may have been missed."""
        for inbox in self._open:
            inbox.tell_everything()

    @contextlib.contextmanager
    def holding(self, inbox: OpenInbox) -> Iterator[None]:
        """Keep an inbox among the open ones for as long as its stream is open."""
        self._open.add(inbox)
        self._list(inbox)
        try:
            yield
        finally:
            self._open.discard(inbox)
            self._unlist(inbox)

    def _list(self, inbox: OpenInbox) -> None:
        for principal_id in inbox.principal_ids:
            self._of.setdefault(principal_id, set()).add(inbox)

    def _unlist(self, inbox: OpenInbox) -> None:
        for principal_id in inbox.principal_ids:
            others = self._of.get(principal_id)
            if others is not None:
                others.discard(inbox)
                if not others:
                    del self._of[principal_id]

    async def _watch_forever(self) -> None:
        tick = 0
        while True:
            await asyncio.sleep(TICK_SECONDS)
            tick += 1
            if not self._open:
                continue
            try:
                if tick % SESSION_TICKS == 0:
                    await self._look_at_sessions()
                if tick % TURN_TICKS == 0 or not self._is_connected():
                    await self._look_at_turns()
            except Exception as error:  # the next tick tries again
                logger.warning("open inboxes could not be checked: %s", error)

    def _is_connected(self) -> bool:
        return self._subscription is not None and self._subscription.connected.is_set()

    async def _look_at_sessions(self) -> None:
        """End what has signed out; follow accounts that are somebody else by now."""
        looked_at = tuple(self._open)
        keys = sorted({inbox.session_key for inbox in looked_at})
        found = await hop(who_is_signed_in, keys, now=clock.now())
        for inbox in looked_at:
            who = found.get(inbox.session_key)
            if who is None:
                inbox.end()
            elif who.principal_ids != inbox.principal_ids and inbox in self._open:
                self._unlist(inbox)
                inbox.principal_ids = who.principal_ids
                self._list(inbox)
                inbox.tell_everything()

    async def _look_at_turns(self) -> None:
        looked_at = tuple(self._open)
        ids = sorted({one for inbox in looked_at for one in inbox.principal_ids})
        found = await hop(prints_of, ids)
        for inbox in looked_at:
            prints = {one: found[one] for one in inbox.principal_ids if one in found}
            if prints != inbox.prints:
                inbox.tell_everything()
            inbox.prints = prints


#: The open inboxes of this process; ``mobius.asgi`` starts and stops them.
inboxes = Inboxes()


async def inbox_stream(
    session_key: str, who: SignedIn, prints: Mapping[str, str]
) -> AsyncIterator[bytes]:
    """Yield word of changes until the account signs out or the server stops.

    ``prints`` is how the turns stood when it was opened.
    """
    inbox = OpenInbox(session_key, who, prints)
    with inboxes.holding(inbox):
        yield OPENED
        while True:
            has_news = await inbox.wait()
            if inbox.ended:
                return
            yield inbox.take() if has_news else KEEP_ALIVE
