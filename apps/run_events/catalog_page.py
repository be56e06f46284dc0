"""Pure: the catalogue of both planes as a page, ``apps/source_events/CATALOG.md``.

``manage.py catalog --write`` makes it again; a test fails when it is out of date.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import apps.source_events
from apps.run_events.vocabulary import LINES
from apps.source_events.catalog import TYPES, EventType
from apps.source_events.public_types import CUSTOM, PROVIDER_TYPES, PUBLIC_TYPES

PAGE: Final = Path(apps.source_events.__file__).with_name("CATALOG.md")
_NONE_YET: Final = "nobody yet"
#: Who appends each public event. Where nobody does, the type can be authored already.
PRODUCERS: Final[Mapping[str, str]] = {
    "artifact.created": _NONE_YET,
    "email.received": _NONE_YET,
    "http_trigger.received": "a request to a trigger's address",
    "interaction.resolved": "the answer that decides",
    "run.cancelled": "the end of a run",
    "run.completed": "the end of a run",
    "run.failed": "the end of a run",
    "session.message.created": "`POST sessions/{id}/messages`",
    "signal.<name>": "`POST runs/{id}/signals`",
    "table.row.deleted": _NONE_YET,
    "table.row.inserted": _NONE_YET,
    "table.row.updated": _NONE_YET,
    CUSTOM.name: "`POST source-events`",
}
_PROVIDERS: Final = "the provider's webhook, once connected"
_NOBODY: Final = "nobody any more"

_HEAD: Final = """\
# The event catalogue

Made from the code by `python3 manage.py catalog --write`; a test fails when it is out of date.

Two planes: **source events** are durable facts of a project, which start runs and resume waits; **run-stream events**
are the numbered lines of one run's timeline and start nothing. What a project can hear, with examples and JSON
Schemas: `GET catalog/events`. What is published of the first plane: `GET source-events`.
"""  # noqa: E501
_NAMES: Final = """\
A trigger or a wait names a type exactly, or everything below a prefix: `github.pull_request.*`. The asterisk stands
alone, at the end, after a dot. Types that are no row here are refused, with the nearest name. What nobody appends yet
can be named already: whoever appends it later finds triggers and waits in place.
"""  # noqa: E501
_TIMELINE: Final = """\
`GET runs/{id}/events` (JSON, or a stream for who accepts `text/event-stream`) and `GET runs/{id}/events.stream`, after
`after_sequence` or `Last-Event-ID`. Runs of workflows show the same lines as `run_updated`, `job_updated` and
`action_appended` on their stream, and three more: `action.claimed`, `run.queued`, `run.running`.
"""  # noqa: E501


def render_page() -> str:
    """Return the whole page."""
    internal = [entry for entry in TYPES if not entry.public]
    parts = [
        _HEAD,
        "## Public source events\n",
        _table(
            *(
                "event",
                "source kind",
                "triggers",
                "waits",
                "when",
                "meta",
                "appended by",
            ),
            rows=(_public(entry) for entry in (*PUBLIC_TYPES, CUSTOM)),
        ),
        _NAMES,
        "## Integration events\n",
        _table(
            *("events", "among them", "appended by"),
            rows=(_provider(entry) for entry in PROVIDER_TYPES),
        ),
        "## Internal source events\n\nThey drive the system and are never authored.\n",
        _table(
            *("event", "why it exists", "what to use"),
            rows=((_code(e.name), e.description, _instead(e)) for e in internal),
        ),
        "## Run-stream events\n",
        _TIMELINE,
        _table(
            *("event", "when", "payload always has", "written by", "state"),
            rows=_lines(),
        ),
    ]
    return "\n".join(parts)


def _public(entry: EventType) -> tuple[str, ...]:
    return (
        _code(entry.name),
        entry.source_kind,
        _yes(entry.triggerable),
        _yes(entry.waitable),
        entry.when,
        ", ".join(map(_code, entry.meta_fields)) or "whatever is sent",
        PRODUCERS[entry.name],
    )


def _provider(entry: EventType) -> tuple[str, ...]:
    return _code(entry.name), ", ".join(map(_code, entry.members)), _PROVIDERS


def _instead(entry: EventType) -> str:
    return entry.instead.removeprefix("it is internal: ")


def _lines() -> Iterable[tuple[str, ...]]:
    for name, line in LINES.items():
        state = "read only" if line.by == _NOBODY else "written"
        fields = ", ".join(map(_code, line.fields))
        yield _code(name), line.when, fields, line.by, state


def _table(*heads: str, rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _code(text: str) -> str:
    return f"`{text}`"


def _yes(value: bool) -> str:
    return "yes" if value else "no"
