"""Append a public fact of the catalogue, checked against its row."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.source_events.catalog import EventType, entry_of
from apps.source_events.services.append import Appended, Fact, append_facts


def append_public(
    project_id: str,
    event_type: str,
    *,
    source_id: str,
    event: Mapping[str, Any],
    meta: Mapping[str, Any],
    depth: int = 0,
    dedup_key: str = "",
    now: datetime,
) -> Appended:
    """Append a public event for readers, triggers and waits, in the caller's
    transaction. It moves no run by itself; only listeners have it dispatched.

    Raises:
        ValueError: as ``public_fact`` does.
    """
    fact = public_fact(
        project_id,
        event_type,
        source_id=source_id,
        event=event,
        meta=meta,
        depth=depth,
        dedup_key=dedup_key,
    )
    return append_facts([fact], now=now)[0]


def public_fact(
    project_id: str,
    event_type: str,
    *,
    source_id: str,
    event: Mapping[str, Any],
    meta: Mapping[str, Any],
    run_id: str = "",
    depth: int = 0,
    dedup_key: str = "",
) -> Fact:
    """Return a public event to append. ``run_id`` is the run it was published for.

    Raises:
        ValueError: the catalogue has no such public type, or ``event`` and ``meta``
            are not what its row promises: our defect, not a caller's.
    """
    entry = entry_of(event_type)
    if entry is None or not entry.public:
        raise ValueError(f"{event_type} is no public event type")
    _check(entry, event_type, event, meta)
    return Fact(
        project_id,
        event_type,
        source_kind=entry.source_kind,
        source_id=source_id,
        run_id=run_id,
        event=dict(event),
        meta=dict(meta),
        settled=None,
        dedup_key=dedup_key,
        depth=depth,
    )


def _check(
    entry: EventType, event_type: str, event: Mapping[str, Any], meta: Mapping[str, Any]
) -> None:
    """Families of names leave their routing fields open; other rows name them all."""
    missing = [f"event.{name}" for name in entry.required if name not in event]
    missing += [f"meta.{name}" for name in entry.meta_fields if name not in meta]
    if missing:
        raise ValueError(f"{event_type} lacks {', '.join(missing)}")
    more = sorted(meta.keys() - set(entry.meta_fields) - {"event_type"})
    if more and entry.meta_fields:
        raise ValueError(f"{event_type} has no meta field {', '.join(more)}")
