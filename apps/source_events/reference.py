"""What the reference says of source events."""

from typing import Final

from apps.api.reference import Operation, Part, place, shown
from apps.api.schemas import (
    NEXT_CURSOR,
    anything,
    body,
    flag,
    id_example,
    identifier,
    instant,
    listing,
    mapping,
    record,
    ref,
    text,
)
from apps.kernel.ids import IdKind
from apps.source_events.requests import BATCH_MAX, KIND_PATTERN
from apps.source_events.views import SourceEventViewSet

_ENVELOPE: Final = {
    "event_type": text("Its name, from general to special.", "custom.payment.received"),
    "source_kind": text("What sort of thing it happened to.", "custom"),
    "source_id": text("Which one.", "p-1"),
    "event": mapping("The normalized event.", {"amount": 250}),
    "meta": mapping("Routing fields.", {"event_type": "custom.payment.received"}),
}
FILTERS: Final = {
    "event_type": text(
        "An exact name, or a prefix with `.*` behind it.", "custom.payment.*"
    ),
    "source_kind": text("", "custom"),
    "source_id": text("", "p-1"),
    "run_id": text("Events that moved a run or tell of it.", id_example(IdKind.RUN)),
    "created_after": text("Only later ones.", "2026-11-27T09:30:00Z"),
}
_EVENT_TYPE: Final = record(
    "A type of events.",
    {
        "name": text("", "run.completed"),
        "description": text("When it is sent.", "A run reaches completed."),
        "triggerable": flag("Triggers can hear it."),
        "waitable": flag("`wait_for_event` can wait for it."),
        "source_kind": text("", "loop_run"),
        "meta_fields": listing(text("", "run_id"), "What `meta` holds."),
        "event_schema": anything("JSON Schema of `event`.", {"type": "object"}),
        "meta_schema": anything("JSON Schema of `meta`.", {"type": "object"}),
        "example": anything("An envelope.", {"event_type": "run.completed"}),
    },
)

_SCHEMAS: Final = {
    "SourceEvent": record(
        "A durable fact of the project, in the normalized envelope.",
        {
            "id": identifier(IdKind.SOURCE_EVENT),
            **_ENVELOPE,
            "created_at": instant(),
        },
        {"run_id": identifier(IdKind.RUN, "The run that it moved.")},
    ),
    "NewSourceEvent": body(
        "A custom event. `event` and `meta` together are up to 256 KiB.",
        {
            "event_type": text(
                "Begins with `custom.`; no wildcard.",
                "custom.payment.received",
                maxLength=128,
                pattern=r"^custom(\.[a-z0-9][a-z0-9_-]*)+$",
            )
        },
        {
            "source_kind": text(
                "", "custom", maxLength=32, pattern=f"^{KIND_PATTERN}$"
            ),
            "source_id": text("", "p-1", maxLength=128),
            "event": mapping("", {"amount": 250}),
            "meta": mapping("`event_type` is added.", {}),
            "dedup_key": text(
                "An event with the key of an earlier one is that earlier one.",
                "p-1",
                minLength=1,
                maxLength=255,
            ),
            "run_id": text(
                "The run that publishes it: its events start no endless loop.",
                id_example(IdKind.RUN),
                minLength=1,
                maxLength=64,
            ),
        },
        example={
            "event_type": "custom.payment.received",
            "event": {"amount": 250},
            "dedup_key": "p-1",
        },
    ),
    "NewSourceEvents": body(
        "All are recorded or none. Together they are up to 1 MiB.",
        {
            "events": listing(
                ref("NewSourceEvent"), "In this order.", minItems=1, maxItems=BATCH_MAX
            )
        },
        example={"events": [{"event_type": "custom.payment.received"}]},
    ),
    "AcceptedEvents": record(
        "For each event, in order, what became of it.",
        {"items": listing(ref("AcceptedEvent"))},
    ),
    "AcceptedEvent": record(
        "The event is recorded; what it wakes, follows.",
        {
            "source_event_id": identifier(IdKind.SOURCE_EVENT),
            "status": text("", choices=("accepted",)),
            "deduped": flag("It was recorded before.", False),
        },
    ),
    "EventCatalog": record(
        "Every type that can be matched.",
        {
            "items": listing(
                record(
                    "A source of events.",
                    {
                        "prefix": text("", "run"),
                        "kind": text("", choices=("capability", "integration")),
                        "display_name": text("", "Runs"),
                        "description": text("", "Runs that came to an end."),
                        "readiness": text("", choices=("ready", "needs_setup")),
                        "event_types": listing(_EVENT_TYPE),
                    },
                    {"readiness_reason": text("", choices=("not_connected",))},
                )
            ),
            "reserved_prefixes": listing(
                record(
                    "No type below it can start a run.",
                    {
                        "prefix": text("", "signal"),
                        "kind": text("", choices=("capability", "utility")),
                    },
                )
            ),
            "has_more": flag("More follow, with `limit`.", False),
        },
        {NEXT_CURSOR: text("Absent on the last page; opaque.", "WzEwXQ")},
    ),
}

PART: Final = Part(
    title="Source events",
    about="Durable facts of a project, which triggers and `wait_for_event` steps can"
    " match. The lines of a run's timeline are something else: see Runs.",
    operations={
        (SourceEventViewSet, "retrieve"): Operation(
            id="getSourceEvent",
            summary="Get a source event",
            answers=shown("SourceEvent", "The event."),
        ),
    },
    schemas=_SCHEMAS,
    places={
        "event_id": place("The id of an event.", id_example(IdKind.SOURCE_EVENT)),
    },
)
