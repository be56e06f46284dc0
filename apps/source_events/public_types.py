"""The public rows of the catalogue, with an example each.

Names stand here as documents have them; ``catalog`` names those that code uses.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from apps.source_events.event_types import EventType


def _public(
    name: str,
    source_kind: str,
    when: str,
    meta: Mapping[str, Any],
    *,
    source_id: str,
    event: Mapping[str, Any],
    required: tuple[str, ...] = (),
    triggerable: bool = True,
    instead: str = "",
    prefix: str = "",
    event_type: str = "",
) -> EventType:
    """Return a public row; ``meta`` gives each routing field with an example."""
    sample = {
        "event_type": event_type or name,
        "source_id": source_id,
        "event": event,
        "meta": meta,
    }
    return EventType(
        name,
        public=True,
        source_kind=source_kind,
        triggerable=triggerable,
        waitable=True,
        when=when,
        meta_fields=tuple(meta),
        description=when,
        instead=instead,
        prefix=prefix,
        required=required,
        sample=sample,
    )


def _run(status: str) -> EventType:
    return _public(
        f"run.{status}",
        "loop_run",
        f"A loop run reaches {status}.",
        {"run_id": "run_01...", "loop_id": "aut_01..."},
        source_id="run_01...",
        event={
            "run_id": "run_01...",
            "workflow_id": "aut_01...",
            "workflow_name": "nightly-report",
            "status": status,
            "error": "step 'charge' failed" if status == "failed" else "",
        },
        required=("run_id", "status"),
    )


def _table_row(verb: str) -> EventType:
    ids = {"table_id": "tbl_01...", "row_id": "row_01..."}
    return _public(
        f"table.row.{verb}",
        "table_row",
        f"A table row is {verb}.",
        {"table_name": "orders", **ids},
        source_id="tbl_01...",
        event=ids,
        required=("table_id", "row_id"),
    )


_RESUMES: Final = "it resumes a run that waits for it and cannot start one:"

PUBLIC_TYPES: Final[tuple[EventType, ...]] = (
    _public(
        "artifact.created",
        "artifact",
        "An artifact is produced during a run.",
        {
            "artifact_id": "art_01...",
            "loop_run_id": "run_01...",
            "kind": "file",
            "content_type": "text/csv",
        },
        source_id="art_01...",
        event={"artifact_id": "art_01...", "name": "report.csv", "size_bytes": 1024},
        required=("artifact_id",),
    ),
    _public(
        "email.received",
        "email",
        "Email arrives at a Mobius agent address.",
        {"agent_id": "agt_01..."},
        source_id="agt_01...",
        event={"agent_id": "agt_01...", "from": "ada@example.com", "subject": "Hello"},
        required=("agent_id",),
    ),
    _public(
        "http_trigger.received",
        "http_trigger",
        "An inbound request reaches an HTTP trigger URL.",
        {"trigger_id": "trg_01...", "http_handle": "deploys"},
        source_id="trg_01...",
        event={"body": None},
    ),
    _public(
        "interaction.resolved",
        "interaction",
        "An interaction resolves from a participant response.",
        {
            "interaction_id": "iact_01...",
            "kind": "approval",
            "status": "completed",
            "responder_id": "prin_01...",
            "resolving_response_id": "iresp_01...",
        },
        source_id="iact_01...",
        event={"interaction_id": "iact_01...", "response": {"value": True}},
        required=("interaction_id",),
        triggerable=False,
        instead=f"{_RESUMES} wait for it with a wait_for_event step",
    ),
    _run("cancelled"),
    _run("completed"),
    _run("failed"),
    _public(
        "session.message.created",
        "session",
        "A new message is posted in an agent session.",
        {
            "session_id": "ses_01...",
            "agent_id": "agt_01...",
            "message_id": "msg_01...",
            "role": "user",
        },
        source_id="ses_01...",
        event={
            "session_id": "ses_01...",
            "agent_id": "agt_01...",
            "message_id": "msg_01...",
            "sequence": 1,
            "role": "user",
            "text": "Hello",
        },
        required=("session_id", "message_id"),
    ),
    _public(
        "signal.<name>",
        "signal",
        "A signal is sent to a run-scoped wait.",
        {"run_id": "run_01...", "signal_name": "deploy_complete"},
        source_id="sig_01...",
        event={"signal_id": "sig_01...", "name": "deploy_complete", "payload": None},
        required=("signal_id", "name", "payload"),
        triggerable=False,
        instead=f"{_RESUMES} wait for it with a wait_for_event step, or publish a"
        " custom.* event and trigger on that",
        prefix="signal.",
        event_type="signal.deploy_complete",
    ),
    _table_row("deleted"),
    _table_row("inserted"),
    _table_row("updated"),
)

CUSTOM: Final = _public(
    "custom.<name>",
    "custom",
    "Somebody permitted publishes an event of their own.",
    {},
    source_id="order_17",
    event={"amount": 12},
    prefix="custom.",
    event_type="custom.payment.received",
)


def _provider(name: str, title: str, *members: str) -> EventType:
    row = _public(
        f"{name}.<resource>.<verb>",
        "integration",
        f"{title} reports an event of the connected account.",
        {},
        source_id="intg_01...",
        event={},
        prefix=f"{name}.",
        event_type=members[0],
    )
    return replace(row, members=members)


PROVIDER_TYPES: Final[tuple[EventType, ...]] = (
    _provider(
        "github",
        "GitHub",
        "github.pull_request.opened",
        "github.pull_request.closed",
        "github.issues.opened",
        "github.check_run.completed",
        "github.push",
    ),
    _provider(
        "linear",
        "Linear",
        *(
            f"linear.{resource}.{verb}"
            for resource in (
                *("issue", "comment", "cycle", "issue_label", "project", "reaction"),
            )
            for verb in ("created", "updated", "removed")
        ),
    ),
    _provider("slack", "Slack", "slack.event", "slack.command", "slack.interactivity"),
    _provider("gmail", "Gmail", "gmail.message.received"),
    _provider("jira", "Jira", "jira.issue.created", "jira.issue.updated"),
)
