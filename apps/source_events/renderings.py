"""Source events as the API shows them, and the catalogue of their types."""

from collections.abc import Collection, Iterator
from typing import Any, Final

from apps.api.rendering import instant, present
from apps.source_events.catalog import TYPES, EventType
from apps.source_events.models import SourceEvent
from apps.source_events.services.append import Appended

#: prefix -> (name, what its events tell of), in the order they are shown.
_CAPABILITIES: Final = {
    "run": ("Runs", "Runs that came to an end."),
    "table": ("Tables", "Rows of tables that changed."),
    "artifact": ("Artifacts", "Files and values that runs produced."),
    "email": ("Email", "Mail to the addresses of agents."),
    "http_trigger": ("HTTP triggers", "Requests to the addresses of triggers."),
    "session": ("Sessions", "Messages in the sessions of agents."),
    "interaction": ("Interactions", "Answers of people; for waits only."),
    "signal": ("Signals", "Signals sent to runs; for waits only."),
    "custom": ("Custom events", "Whatever is published through the API."),
}
_INTEGRATIONS: Final = {
    "github": ("GitHub", "Webhooks of a GitHub repository or organization."),
    "linear": ("Linear", "Webhooks of a Linear workspace."),
    "slack": ("Slack", "Events, commands and interactions of a Slack workspace."),
    "gmail": ("Gmail", "Mail that a Gmail mailbox receives."),
    "jira": ("Jira", "Webhooks of a Jira site."),
}
#: Known, and no type below them can start a run.
_RESERVED: Final = {
    "interaction": "capability",
    "signal": "capability",
    "job": "utility",
    "loop": "utility",
    "loop_run": "utility",
    "schedule": "utility",
}


def envelope_of(event: SourceEvent) -> dict[str, Any]:
    """Return the envelope of an event: what triggers and waits see."""
    return {
        "event_type": event.event_type,
        "source_kind": event.source_kind,
        "source_id": event.source_id,
        "event": event.event,
        "meta": event.meta,
    }


def render_event(event: SourceEvent) -> dict[str, Any]:
    """Return a source event."""
    return present(
        id=event.id,
        **envelope_of(event),
        run_id=event.run_id or None,
        created_at=instant(event.created_at),
    )


def render_accepted(appended: Appended) -> dict[str, Any]:
    """Return the answer to publishing."""
    return {
        "source_event_id": appended.id,
        "status": "accepted",
        "deduped": appended.deduped,
    }


def render_catalog(connected: Collection[str]) -> dict[str, Any]:
    """Return the catalogue; integrations are ready where they are ``connected``."""
    return {
        "items": [
            *(
                _source(prefix, "capability", title, about, is_ready=True)
                for prefix, (title, about) in _CAPABILITIES.items()
            ),
            *(
                _source(prefix, "integration", title, about, prefix in connected)
                for prefix, (title, about) in _INTEGRATIONS.items()
            ),
        ],
        "reserved_prefixes": [
            {"prefix": prefix, "kind": kind} for prefix, kind in _RESERVED.items()
        ],
    }


def _source(
    prefix: str, kind: str, title: str, about: str, is_ready: bool
) -> dict[str, Any]:
    return present(
        prefix=prefix,
        kind=kind,
        display_name=title,
        description=about,
        readiness="ready" if is_ready else "needs_setup",
        readiness_reason=None if is_ready else "not_connected",
        event_types=[
            _event_type(name, entry)
            for entry in TYPES
            if entry.public
            for name in _names(entry)
            if name.startswith(f"{prefix}.")
        ],
    )


def _names(entry: EventType) -> Iterator[str]:
    yield entry.name
    yield from entry.members


def _event_type(name: str, entry: EventType) -> dict[str, Any]:
    return {
        "name": name,
        "description": entry.description,
        "triggerable": entry.triggerable,
        "waitable": entry.waitable,
        "source_kind": entry.source_kind,
        "meta_fields": list(entry.meta_fields),
        "event_schema": entry.event_schema,
        "meta_schema": entry.meta_schema,
        "example": entry.example_of(name),
    }
