"""What callers of runs send."""

from typing import Final

from apps.api.schemas import (
    Schema,
    body,
    either,
    id_example,
    listing,
    mapping,
    number,
    record,
    ref,
    text,
    whole,
)
from apps.kernel.ids import IdKind
from apps.runs.requests import METADATA_MAX, METADATA_VALUE_MAX, RUN_IDS_MAX


def _metadata() -> Schema:
    value = text("", "web", maxLength=METADATA_VALUE_MAX)
    return mapping("", {"team": "web"}, values=value, maxProperties=METADATA_MAX)


def source(*types: str, **more: Schema) -> Schema:
    """Return what a caller says of who started a run."""
    return body(
        "Who started it, where the caller knows better.",
        optional={
            "type": text("", types[0], choices=types),
            "id": text("", "p-1", minLength=1, maxLength=255),
            "label": text("", "nightly job", minLength=1, maxLength=255),
            **more,
        },
    )


REQUESTS: Final[dict[str, Schema]] = {
    "StartRun": body(
        "Exactly one of `definition_id` and `spec`.",
        optional={
            "definition_id": text(
                "Id or handle.", "ingest-document", minLength=1, maxLength=128
            ),
            "spec": ref("InlineSpec"),
            "mode": text("", choices=("saved", "inline")),
            "queue": text("", "default", minLength=1, maxLength=128),
            "inputs": mapping("", {"doc_url": "https://example.com/doc.pdf"}),
            "metadata": _metadata(),
            "tags": _metadata(),
            "external_id": text("The caller's own.", "doc-abc123", maxLength=255),
        },
        example={
            "definition_id": "ingest-document",
            "external_id": "doc-abc123",
            "inputs": {"doc_url": "https://example.com/doc.pdf"},
        },
    ),
    "InlineSpec": either(
        ref("WorkflowSpec"), ref("AutomationSpec"), about="Steps, in either form."
    ),
    "RunIds": body(
        "",
        {
            "run_ids": listing(
                text("", id_example(IdKind.RUN), minLength=1, maxLength=64),
                minItems=1,
                maxItems=RUN_IDS_MAX,
            )
        },
    ),
    "BulkOutcome": record(
        "",
        {
            "succeeded": listing(text("", id_example(IdKind.RUN))),
            "failures": mapping("Why not, by run.", {}, values=text()),
        },
    ),
    "Recovery": body(
        "What more the run may take and spend.",
        optional={
            "reason": text("", "fixed the page", maxLength=1000),
            "wall_clock_extend_seconds": whole(
                "", 3600, minimum=1, maximum=365 * 86_400
            ),
            "max_agent_turns": whole("", 10, minimum=1),
            "budget_usd": number("Give this or credits.", 2.5, minimum=0, maximum=1e12),
            "credit_budget": whole("", 250, minimum=1),
        },
        example={"reason": "fixed the page"},
    ),
}
