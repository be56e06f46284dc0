"""Write down what steps call, in the transaction that enqueues it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from apps.actions.models import InvocationOrigin
from apps.actions.names import BUILT_IN
from apps.api.rendering import to_json
from apps.kernel.ids import IdKind, new_id

#: A call's first attempt makes its row, a later one opens it again.
_NOTE: Final = """
INSERT INTO actions_invocation
    (id, project_id, action, action_id, kind, origin, actor_id, actor_type, run_id,
     task_id, step_name, definition_id, job_id, parameters, status, attempts, retries,
     error_type, error_message, created_at)
SELECT x.id, x.project_id, x.action, '', x.kind, %(origin)s, x.actor_id, '', x.run_id,
       x.task_id, x.step_name, x.definition_id, x.job_id, x.parameters, 'active',
       x.attempt, 0, '', '', %(now)s
FROM jsonb_to_recordset(%(rows)s::jsonb) AS x(
    id text, project_id text, action text, kind text, actor_id text, run_id text,
    task_id int, step_name text, definition_id text, job_id text, parameters jsonb,
    attempt int)
ON CONFLICT (run_id, task_id) WHERE NOT run_id = '' DO UPDATE
SET job_id = excluded.job_id, parameters = excluded.parameters, status = 'active',
    attempts = excluded.attempts, finished_at = NULL
"""


@dataclass(frozen=True, slots=True)
class NewCall:
    """One attempt at an action that the server runs for a step."""

    project_id: str
    action: str
    actor_id: str
    run_id: str
    task_id: int
    step_name: str
    definition_id: str
    job_id: str
    parameters: Any
    attempt: int


def note_calls(calls: Sequence[NewCall], *, now: datetime) -> None:
    """Write the calls, or that they are tried again, in the caller's transaction."""
    if not calls:
        return
    rows = [
        {
            "id": new_id(IdKind.INVOCATION),
            "kind": "builtin" if call.action in BUILT_IN else "http",
            **asdict(call),
        }
        for call in calls
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            _NOTE,
            {
                "now": now,
                "origin": InvocationOrigin.STEP.value,
                "rows": to_json(rows).decode(),
            },
        )
