"""What the reference says of health."""

from typing import Final

from apps.api.reference import Answer, Operation, Part
from apps.api.schemas import flag, listing, number, record, ref, text, whole
from apps.ops.views import healthz, readyz

_SCHEMAS: Final = {
    "Health": record(
        "What each dependency says.",
        {
            "status": text(
                "Degraded is ready as well: only PostgreSQL decides.",
                "ready",
                choices=("ready", "degraded", "unavailable"),
            ),
            "checks": listing(ref("HealthCheck")),
        },
    ),
    "HealthCheck": record(
        "One dependency, asked just now.",
        {
            "name": text("", "postgresql"),
            "ok": flag(),
            "milliseconds": number("How long it took to answer.", 0.8),
        },
        {
            "version": text("", "18.6"),
            "error": text("What is wrong.", "connection refused"),
            "lag_seconds": number("How far behind the dispatcher is.", 0.0),
            "waiting": whole("Events that are due.", 0),
            "worker_silent_seconds": number("Since Celery's last sign of life.", 0.9),
            "beat_silent_seconds": number("The same of its clock.", 1.4),
        },
    ),
}

PART: Final = Part(
    title="Health",
    about="For load balancers and people on call. No key is needed.",
    open={
        healthz: Operation(
            id="getHealth",
            summary="Say how the server is",
            answers={200: Answer("The process answers.", ref("Health"))},
        ),
        readyz: Operation(
            id="getReadiness",
            summary="Say whether requests can be served",
            query={"strict": text("Whatever it says: degraded is 503 as well.", "")},
            answers={
                200: Answer("They can.", ref("Health")),
                503: Answer(
                    "They cannot: PostgreSQL does not answer; with `strict`, also"
                    " when anything else does not.",
                    ref("Health"),
                ),
            },
        ),
    },
    schemas=_SCHEMAS,
)
