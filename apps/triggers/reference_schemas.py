"""What triggers and fires look like in requests and answers."""

from typing import Final

from apps.api.schemas import (
    Schema,
    body,
    either,
    flag,
    id_example,
    identifier,
    instant,
    listing,
    mapping,
    record,
    ref,
    text,
    whole,
)
from apps.kernel.ids import IdKind
from apps.triggers.configs import (
    CONCURRENT_RUNS_MAX,
    CONDITION_CHARS_MAX,
    HANDLE_PATTERN,
    NAME_CHARS_MAX,
)
from apps.triggers.models import (
    ConcurrencyPolicy,
    FireStatus,
    MissedSlots,
    TriggerKind,
)
from apps.triggers.requests import INPUTS_MAX, SECRET_CHARS_MAX, TARGETS_MAX

_CONDITION: Final = text(
    "An expression over `event` and `meta`; absent is always.",
    "event.amount > 100",
    maxLength=CONDITION_CHARS_MAX,
)
_NAME: Final = text(
    "Unique in the project.", "Large payments", minLength=1, maxLength=NAME_CHARS_MAX
)
_MOST: Final = whole(
    "How many of its runs may live before the policy counts.",
    minimum=1,
    maximum=CONCURRENT_RUNS_MAX,
)
_EVENT: Final = {
    "source_id": text("Only of this source.", "p-1", maxLength=128),
    "condition": _CONDITION,
}
_EVENT_TYPE: Final = text(
    "An exact name, or a prefix with `.*` behind it.",
    "custom.payment.*",
    minLength=1,
    maxLength=128,
)
_SCHEDULE: Final = {
    "cron": text("Five or six fields.", "0 9 * * 1-5", maxLength=200),
    "interval": text("Instead of cron.", "15m", maxLength=64),
    "timezone": text("An IANA zone.", "Europe/Berlin", minLength=1, maxLength=64),
    "missed": text(
        "Slots that passed unseen: the latest is made up for, all or none.",
        "latest",
        choices=MissedSlots.values,
    ),
}
_SOURCES: Final = either(
    body("Of kind schedule: exactly one of cron and interval.", optional=_SCHEDULE),
    body("Of kind event.", {"event_type": _EVENT_TYPE}, _EVENT),
    body("Of the other kinds."),
    about="What the trigger is told about its source, by kind.",
    example={"event_type": "custom.payment.*"},
)
_TARGET: Final = body(
    "A definition of which runs are started.",
    {"workflow_id": text("Its id or handle.", "ingest", minLength=1, maxLength=128)},
    {
        "condition": _CONDITION,
        "input_mapping": mapping(
            "Inputs: values, or templates over `event` and `meta`.",
            {"amount": "${event.amount}"},
            maxProperties=INPUTS_MAX,
        ),
        "queue": text("", "default", maxLength=128),
    },
)
_POLICY: Final = "While as many of its runs live as may: start more, do not, replace"


def _written(kinds: bool) -> dict[str, Schema]:
    about = f"{_POLICY} the oldest, or wait. `skip` is forbid."
    policy = text(about, "allow", choices=(*ConcurrencyPolicy.values, "skip"))
    kind = text("`http` is webhook.", "event", choices=(*TriggerKind.values, "http"))
    return {
        **({"kind": kind} if kinds else {}),
        "name": _NAME,
        "source_config": _SOURCES,
        "filter_config": body("", optional={"condition": _CONDITION}),
        "targets": listing(
            _TARGET, "What is started.", minItems=1, maxItems=TARGETS_MAX
        ),
        "concurrency_policy": policy,
        "max_concurrent_runs": _MOST,
        "enabled": flag(),
        "webhook_handle": text(
            "The end of a webhook's address; made up if absent.",
            "orders",
            pattern=f"^{HANDLE_PATTERN}$",
        ),
        "webhook_secret": text(
            "With it a webhook takes signed requests only; empty takes it away.",
            "keep-it-safe",
            maxLength=SECRET_CHARS_MAX,
        ),
    }


_NEW: Final = _written(kinds=True)
_REQUIRED: Final = ("kind", "name", "targets")

SCHEMAS: Final = {
    "Trigger": record(
        "What starts runs. `workflow_id` and `key` say which definition's triggers"
        " block it comes from, if from one.",
        {
            "id": identifier(IdKind.TRIGGER),
            "name": text("", "Large payments"),
            "kind": text("", "event", choices=TriggerKind.values),
            "source_config": mapping("As it counts.", {"event_type": "custom.*"}),
            "targets": listing(mapping("", {"workflow_id": "ingest-document"})),
            "concurrency_policy": text("", "allow", choices=ConcurrencyPolicy.values),
            "enabled": flag(),
            "created_at": instant(),
            "updated_at": instant(),
        },
        {
            "workflow_id": identifier(IdKind.WORKFLOW),
            "key": text("", "payments"),
            "filter_config": mapping("", {"condition": "event.amount > 100"}),
            "max_concurrent_runs": _MOST,
            "last_fire_at": instant(),
            "next_fire_at": instant("Of a schedule."),
            "webhook_handle": text("", "orders"),
            "receive_url": text(
                "Where requests reach it.",
                "http://127.0.0.1:8000/v1/triggers/webhook/orders",
            ),
            "has_webhook_secret": flag(),
            "created_by": text("", id_example(IdKind.PRINCIPAL)),
        },
    ),
    "NewTrigger": body(
        "",
        {name: _NEW[name] for name in _REQUIRED},
        {name: each for name, each in _NEW.items() if name not in _REQUIRED},
        example={
            "name": "Large payments",
            "kind": "event",
            "targets": [{"workflow_id": "ingest-document"}],
            "source_config": {
                "event_type": "custom.payment.*",
                "condition": "event.amount > 100",
            },
        },
    ),
    "TriggerChanges": body(
        "What is absent stays; the kind always does. `targets` and the configs are"
        " replaced as wholes.",
        optional=_NEW,
        example={"enabled": False},
    ),
    "TriggerFire": record(
        "One occasion of a trigger.",
        {
            "id": identifier(IdKind.TRIGGER_FIRE),
            "trigger_id": identifier(IdKind.TRIGGER),
            "status": text(
                "Only queued ones are not over.", "success", choices=FireStatus.values
            ),
            "run_ids": listing(identifier(IdKind.RUN), "What it started."),
            "dedup_key": text("Once for each.", "slot:2026-11-27T09:00:00Z"),
            "fired_at": instant("When it was noticed."),
            "created_at": instant("The same."),
        },
        {
            "error": text("Why there is no run.", "the condition does not hold"),
            "run_id": identifier(IdKind.RUN, "The first."),
            "source_event_id": identifier(IdKind.SOURCE_EVENT),
            "scheduled_at": instant("The slot of a schedule."),
            "settled_at": instant(),
        },
    ),
    "DefinedTrigger": body(
        "An entry of a definition's triggers block.",
        {"kind": text("", "event", choices=("http", *TriggerKind.values))},
        {
            "key": text(
                "Tells it from the others when the block changes; else made of the"
                " name, or of kind and number.",
                "payments",
                minLength=1,
                maxLength=NAME_CHARS_MAX,
            ),
            "name": text("", "Payments", minLength=1, maxLength=NAME_CHARS_MAX),
            "enabled": flag(),
            "config": either(
                body("", optional=_SCHEDULE),
                body("", {"event_type": _EVENT_TYPE}, _EVENT),
                body(
                    "Of kind http.",
                    optional={
                        "http_handle": text("", "orders", pattern=f"^{HANDLE_PATTERN}$")
                    },
                ),
                about="By kind.",
                example={"event_type": "custom.payment.*"},
            ),
            "concurrency_policy": ref("Concurrency"),
            "max_concurrent_runs": _MOST,
        },
        example={"kind": "event", "config": {"event_type": "custom.payment.*"}},
    ),
    "Concurrency": text(
        f"{_POLICY} the oldest (`replace`), or wait (`queue`).",
        "allow",
        choices=("allow", "queue", "skip", "replace"),
    ),
}
