"""``events``: what happened in the project, and publishing something of one's own."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click
from rich.markup import escape

from mobius.cli.failures import UNAVAILABLE, UsageFailure, failure_of
from mobius.cli.inputs import PAIR, read_object, read_pairs
from mobius.cli.lists import Paging, page_options, paged, query_of
from mobius.cli.output import note
from mobius.cli.progress import Spinner
from mobius.cli.shell import Group, Session, interruptible, with_session
from mobius.cli.tables import columns, short

_COLUMNS: Final = columns(
    "id:id",
    "type=event_type:id",
    "about=run_id|source_id",
    "event",
    "created=created_at:ago",
)
POLL_SECONDS: Final = 1.0
#: Events that commit late stand a little before those that were seen.
LOOK_BACK: Final = timedelta(seconds=10)
_FAILURES_MAX: Final = 30
_TYPE = click.option("--type", "event_type", metavar="TYPE", help="may end in .*")


@click.group(cls=Group)
def events() -> None:
    """Source events: publish, list, follow."""


@events.command(
    "publish",
    examples=(
        "mobius events publish custom.order.paid --field amount:=12",
        "mobius events publish custom.order.paid --event order.json --dedup-key o-17",
        "mobius events publish custom.nudge --run run_01…",
    ),
)
@click.argument("event_type", metavar="TYPE")
@click.option("--field", "pairs", multiple=True, metavar=PAIR, help="of the event")
@click.option("--event", "file", metavar="FILE", help="the event, - is stdin")
@click.option("--meta", multiple=True, metavar="K=V", help="what triggers filter by")
@click.option("--source-id", help="the thing it is about")
@click.option("--run", "run_id", help="for a run that waits for it")
@click.option("--dedup-key", help="events with the same key are one")
@with_session
def publish(
    session: Session,
    event_type: str,
    pairs: tuple[str, ...],
    file: str | None,
    meta: tuple[str, ...],
    source_id: str | None,
    run_id: str | None,
    dedup_key: str | None,
) -> None:
    """Publish an event of your own; its type begins with custom."""
    event = {**(read_object(file) if file else {}), **read_pairs(pairs, "--field")}
    more = query_of(
        meta=read_pairs(meta, "--meta") or None,
        source_id=source_id,
        run_id=run_id,
        dedup_key=dedup_key,
    )
    accepted = session.client.events.publish(event_type, event, **more)
    known = " (it was there already)" if accepted["deduped"] else ""
    session.out.done(
        accepted, f"[bold]{accepted['source_event_id']}[/bold] accepted{known}"
    )


@events.command(
    "list",
    examples=(
        "mobius events list --type 'run.*'",
        "mobius events list --run run_01… --all -o json",
    ),
)
@_TYPE
@click.option("--run", "run_id", help="that moved this run, or tell of it")
@click.option("--source-id", help="about this thing")
@click.option("--since", metavar="TIME", help="2026-11-27T10:00:00Z, or 15m, 2h, 1d")
@page_options
@with_session
def list_events(
    session: Session,
    event_type: str | None,
    run_id: str | None,
    source_id: str | None,
    since: str | None,
    paging: Paging,
) -> None:
    """List events, newest first."""
    query = query_of(
        event_type=event_type,
        run_id=run_id,
        source_id=source_id,
        created_after=_instant(since) if since else None,
    )
    items, whole = paged(session, "source-events", query, paging)
    session.out.table(items, _COLUMNS, page=whole, empty="no events")


@events.command(
    "tail",
    examples=(
        "mobius events tail --type 'custom.*'",
        "mobius events tail --since 15m -o json",
        "mobius events tail --type run.failed --count 1",
    ),
)
@_TYPE
@click.option("--since", metavar="TIME", help="begin with what is newer than this")
@click.option("--count", type=click.IntRange(min=1), help="end after so many")
@with_session
def tail(
    session: Session, event_type: str | None, since: str | None, count: int | None
) -> None:
    """Print events as they happen, oldest first, until Ctrl-C."""
    reader = _Tail(session, event_type, _instant(since) if since else None)
    left = count
    with interruptible(), Spinner("waiting for events") as spinner:
        while True:
            for event in reader.new():
                with spinner.paused():
                    session.out.line(event, _line(event))
                left = None if left is None else left - 1
                if left == 0:
                    return
            time.sleep(POLL_SECONDS)


class _Tail:
    """Asks again and again what is new; each event once."""

    def __init__(self, session: Session, pattern: str | None, since: str | None):
        self._session = session
        self._pattern = pattern
        self._seen: dict[str, datetime] = {}
        self._failures = 0
        if since is None:  # what is there now is known, also what is still on its way
            self._since = self._now()
            self._note(self._fetch())
        else:
            self._since = datetime.fromisoformat(since)

    def new(self) -> list[dict[str, Any]]:
        """What has come since, oldest first; nothing while the server is away."""
        try:
            found = self._fetch()
        except Exception as error:
            failure = failure_of(error)
            self._failures += 1
            gone = failure is None or failure.exit_code != UNAVAILABLE
            if gone or self._failures > _FAILURES_MAX:
                raise
            note(f"{failure.message if failure else error}; trying again")
            return []
        self._failures = 0
        fresh = [event for event in found if event["id"] not in self._seen]
        fresh.reverse()
        self._note(fresh)
        if fresh:
            newest = datetime.fromisoformat(fresh[-1]["created_at"])
            self._since = max(self._since, newest - LOOK_BACK)
            # What is not asked for again need not be remembered.
            kept = self._seen.items()
            self._seen = {id_: at for id_, at in kept if at > self._since}
        return fresh

    def _note(self, events: list[dict[str, Any]]) -> None:
        for event in events:
            self._seen[event["id"]] = datetime.fromisoformat(event["created_at"])

    def _fetch(self) -> list[dict[str, Any]]:
        after = self._since.isoformat().replace("+00:00", "Z")
        query = {"event_type": self._pattern, "created_after": after, "limit": 200}
        return list(self._session.client.pages("source-events", query))

    def _now(self) -> datetime:
        """The instant of the newest event: the server's clock, not this machine's."""
        page = self._session.client.request("GET", "source-events", query={"limit": 1})
        items = page["items"]
        newest = datetime.fromisoformat(items[0]["created_at"]) if items else None
        return (newest or datetime.now(UTC) - timedelta(minutes=5)) - LOOK_BACK


def _line(event: dict[str, Any]) -> str:
    at = datetime.fromisoformat(event["created_at"]).astimezone()
    about = event.get("run_id") or event.get("source_id") or ""
    kind = f"[bold]{escape(event['event_type']):<28}[/bold]"
    told = escape(f"{about} {short(event['event'])}".strip())
    return f"[dim]{at:%H:%M:%S}[/dim]  {kind} {told}"


def _instant(text: str) -> str:
    """A time of RFC 3339, or how long ago.

    Raises:
        UsageFailure: it is neither.
    """
    units = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
    number, unit = text[:-1], text[-1:]
    if number.isdigit() and len(number) < 7 and unit in units:
        at = datetime.now(UTC) - timedelta(**{units[unit]: int(number)})
        return at.isoformat()
    problem = f"--since {text}: expected a time with a zone, or a length such as 15m"
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UsageFailure(problem) from None
    if at.tzinfo is None:
        raise UsageFailure(problem)
    return at.isoformat()
