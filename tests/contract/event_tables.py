"""The tables of the event catalog, as they are printed there."""

from typing import Final, NamedTuple


class Row(NamedTuple):
    """A public source event; every one is waitable."""

    event: str
    kind: str
    triggerable: bool
    when: str
    meta: tuple[str, ...]


_PUBLIC: Final = """
artifact.created | artifact | Yes | An artifact is produced during a run. | artifact_id, loop_run_id, kind, content_type
email.received | email | Yes | Email arrives at a Mobius agent address. | agent_id
http_trigger.received | http_trigger | Yes | An inbound request reaches an HTTP trigger URL. | trigger_id, http_handle
interaction.resolved | interaction | No | An interaction resolves from a participant response. | interaction_id, kind, status, responder_id, resolving_response_id
run.cancelled | loop_run | Yes | A loop run reaches cancelled. | run_id, loop_id
run.completed | loop_run | Yes | A loop run reaches completed. | run_id, loop_id
run.failed | loop_run | Yes | A loop run reaches failed. | run_id, loop_id
session.message.created | session | Yes | A new message is posted in an agent session. | session_id, agent_id, message_id, role
signal.<name> | signal | No | A signal is sent to a run-scoped wait. | run_id, signal_name
table.row.deleted | table_row | Yes | A table row is deleted. | table_name, table_id, row_id
table.row.inserted | table_row | Yes | A table row is inserted. | table_name, table_id, row_id
table.row.updated | table_row | Yes | A table row is updated. | table_name, table_id, row_id
"""  # noqa: E501


def _rows(printed: str) -> list[list[str]]:
    lines = printed.strip().splitlines()
    return [[cell.strip() for cell in line.split("|")] for line in lines]


PUBLIC: Final = tuple(
    Row(event, kind, triggerable == "Yes", when, tuple(meta.split(", ")))
    for event, kind, triggerable, when, meta in _rows(_PUBLIC)
)
#: What cannot start a run.
WAITABLE_ONLY: Final = tuple(row.event for row in PUBLIC if not row.triggerable)

INTERNAL: Final = (
    "interaction.http_subscriber.dispatch",
    "loop.http_trigger.received",
    "loop.run_allocation.completed",
    "loop.run_allocation.failed",
    "loop.schedule.tick",
    "loop_run.continue",
    "loop_run.resume",
    "run.progress_initial",
    "run.resume",
    "schedule.tick",
)

#: Examples of integration events.
INTEGRATION: Final = (
    "github.pull_request.opened",
    "github.pull_request.closed",
    "linear.issue.created",
    "slack.event",
    "gmail.message.received",
    "jira.issue.updated",
)

_LINES: Final = """
run.started | run_id, loop_id, loop_version_id, source
run.suspended | step, wait_kind, subject, deadline
run.resumed | step, reason
run.completed | output
run.failed | error, step, error_type
run.cancelled | reason
step.started | step, kind
step.suspended | step, wait_kind, subject
step.resumed | step, kind
step.completed | step, output
step.failed | step, error, error_type
step.retried | step, attempt, max_attempts, retry_scope
step.skipped | step, kind
wait.opened | wait_kind, subject, deadline, step
wait.resumed | payload
wait.timed_out | step, wait_kind, reason
interaction.requested | interaction_id, protocol, targets, message
interaction.responded | interaction_id, response, responder
action.called | action, step, parameters
action.completed | action, step, result
action.failed | action, step, error, error_type
action.retried | action, attempt, max_attempts
action.result | action, result
artifact.created | artifact_id, name, content_type, run_id, step
generation.delta | delta
limit.reached | limit_kind, limit, used
usage.recorded | category, quantity
"""
#: Run-stream events, with the fields in which each payload says what is expected.
LINES: Final = {type_: tuple(fields.split(", ")) for type_, fields in _rows(_LINES)}
#: Kept for older records: readable, never written.
LEGACY: Final = "action.result"

EXAMPLE_STREAM: Final = (
    "run.started",
    "step.started",
    "action.called",
    "action.completed",
    "step.completed",
    "usage.recorded",
    "run.completed",
)
