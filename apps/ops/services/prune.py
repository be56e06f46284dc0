"""Retention: rounds of short batches until nothing is old, or time is up."""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from apps.identity.models import Project
from apps.ops.retention import Ages
from apps.ops.services.prune_rows import (
    prune_answers,
    prune_calls,
    prune_deliveries,
    prune_fires,
    prune_internal_events,
    prune_source_events,
)
from apps.ops.services.prune_runs import prune_runs, prune_timelines
from apps.ops.services.prune_sessions import prune_sessions
from apps.ops.services.prune_specs import SHARES, prune_specs, share_at

#: One batch: a short transaction that returns how many rows of which kind it deleted.
Batch = Callable[[], Counter[str]]

#: With each call another project has the first turn, so that nobody is always last.
_TURN_SECONDS: Final = 30


def prune(
    *,
    now: datetime,
    seconds: float | None = None,
    projects: Sequence[Project] | None = None,
    server: bool = True,
) -> Counter[str]:
    """Delete what is past its time; return how many rows of which kind.

    Every project and kind has one batch in turn, until none finds anything or
    ``seconds`` are over; a call does at least one batch, and the next one goes on from
    the tables. With ``seconds`` a share of the specs is looked at, else all. Any number
    may prune at once. ``projects`` are all by default; without ``server`` what has one
    age for all projects is left.
    """
    stop_at = None if seconds is None else time.monotonic() + seconds
    waiting = deque(_batches(now, projects, server, whole=seconds is None))
    deleted: Counter[str] = Counter()
    while waiting:
        batch = waiting.popleft()
        done = +batch()
        if done:
            deleted += done
            waiting.append(batch)
        if stop_at is not None and time.monotonic() >= stop_at:
            break
    return deleted


def _batches(
    now: datetime, projects: Sequence[Project] | None, server: bool, *, whole: bool
) -> Iterator[Batch]:
    if server:
        yield partial(prune_answers, now)
        yield partial(prune_deliveries, now)
        yield partial(prune_fires, now)
        yield partial(prune_calls, now)
        yield partial(_specs, now, whole)
    for project in _in_turn(now) if projects is None else projects:
        ages = Ages.of(project, now)
        # Events first: those of a run are gone by the time that it goes.
        yield partial(prune_internal_events, ages)
        yield partial(prune_source_events, ages)
        if ages.trims_timelines:
            yield partial(prune_timelines, ages)
        yield partial(prune_runs, ages)
        yield partial(prune_sessions, ages)


def _specs(now: datetime, whole: bool) -> Counter[str]:
    """Go through one share of the specs, whose turn it is, or through all."""
    shares = SHARES if whole else (share_at(now),)
    return Counter(specs=sum(prune_specs(share, now) for share in shares))


def _in_turn(now: datetime) -> Sequence[Project]:
    projects = list(Project.objects.order_by("id"))
    first = int(now.timestamp() // _TURN_SECONDS) % max(len(projects), 1)
    return projects[first:] + projects[:first]
