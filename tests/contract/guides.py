"""The commands of the guides, as they are printed there."""

from typing import Final

# --- "Run a workflow from your code" --------------------------------------------

CREATE_WORKFLOW: Final = r"""
curl -X POST "$MOBIUS_BASE_URL/v1/projects/$PROJECT/workflows" \
  -H "Authorization: Bearer $MOBIUS_API_KEY" \
  -H "Content-Type: application/json" \
  -d '{
    "name": "Ingest document",
    "spec": {
      "name": "ingest-document",
      "steps": [
        { "name": "parse", "action": "doc.parse" },
        { "name": "index", "action": "doc.index" }
      ]
    }
  }'
"""

START_RUN: Final = r"""
curl -X POST "$MOBIUS_BASE_URL/v1/projects/$PROJECT/runs" \
  -H "Authorization: Bearer $MOBIUS_API_KEY" \
  -H "Content-Type: application/json" \
  -d "{
    \"definition_id\": \"$WORKFLOW_ID\",
    \"external_id\": \"doc-abc123\",
    \"inputs\": {\"doc_url\": \"https://example.com/doc.pdf\"}
  }"
"""

FOLLOW_RUN: Final = r"""
curl --no-buffer "$MOBIUS_BASE_URL/v1/projects/$PROJECT/runs/$RUN_ID/events" \
  -H "Authorization: Bearer $MOBIUS_API_KEY"
"""

READ_RUN: Final = r"""
curl "$MOBIUS_BASE_URL/v1/projects/$PROJECT/runs/$RUN_ID" \
  -H "Authorization: Bearer $MOBIUS_API_KEY"
"""

# --- "Build a worker" -----------------------------------------------------------

CLAIM: Final = r"""
curl -X POST "$MOBIUS_BASE_URL/v1/projects/$PROJECT/jobs/claim" \
  -H "Authorization: Bearer $MOBIUS_API_KEY" \
  -H "Content-Type: application/json" \
  -d '{
    "worker_id": "'"$WORKER_ID"'",
    "queues": ["default"],
    "wait_seconds": 30
  }'
"""

HEARTBEAT: Final = r"""
curl -X POST "$MOBIUS_BASE_URL/v1/projects/$PROJECT/jobs/$JOB_ID/heartbeat" \
  -H "Authorization: Bearer $MOBIUS_API_KEY" \
  -H "Content-Type: application/json" \
  -d '{
    "worker_id": "'"$WORKER_ID"'",
    "attempt": '"$ATTEMPT"'
  }'
"""

EMIT_EVENTS: Final = r"""
curl -X POST "$MOBIUS_BASE_URL/v1/projects/$PROJECT/jobs/$JOB_ID/events" \
  -H "Authorization: Bearer $MOBIUS_API_KEY" \
  -H "Content-Type: application/json" \
  -d '{
    "worker_id": "'"$WORKER_ID"'",
    "attempt": '"$ATTEMPT"',
    "events": [
      { "type": "progress", "payload": { "pct": 50 } }
    ]
  }'
"""

COMPLETE: Final = r"""
curl -X POST "$MOBIUS_BASE_URL/v1/projects/$PROJECT/jobs/$JOB_ID/complete" \
  -H "Authorization: Bearer $MOBIUS_API_KEY" \
  -H "Content-Type: application/json" \
  -d '{
    "worker_id": "'"$WORKER_ID"'",
    "attempt": '"$ATTEMPT"',
    "status": "completed"
  }'
"""

# --- "Ask people" ---------------------------------------------------------------

START_ASKING: Final = r"""
curl -X POST "$MOBIUS_BASE_URL/v1/projects/$PROJECT/runs" \
  -H "Authorization: Bearer $MOBIUS_API_KEY" \
  -H "Content-Type: application/json" \
  -d "{
    \"spec\": {
      \"name\": \"doc-approval\",
      \"steps\": [{
        \"name\": \"get-approval\",
        \"interaction\": {
          \"type\": \"approval\",
          \"message\": \"Approve document for publication?\",
          \"target\": { \"type\": \"user\", \"id\": \"$REVIEWER_ID\" },
          \"timeout\": \"24h\",
          \"spec\": { \"mode\": \"confirm\" }
        }
      }]
    }
  }"
"""

FOLLOW_ASKING: Final = r"""
curl --no-buffer \
  "$MOBIUS_BASE_URL/v1/projects/$PROJECT/runs/$RUN_ID/events" \
  -H "Authorization: Bearer $MOBIUS_API_KEY"
"""

LIST_PENDING: Final = r"""
curl "$MOBIUS_BASE_URL/v1/projects/$PROJECT/interactions?run_id=$RUN_ID&status=pending" \
  -H "Authorization: Bearer $MOBIUS_API_KEY"
"""  # noqa: E501

RESPOND: Final = r"""
curl -X POST \
  "$MOBIUS_BASE_URL/v1/projects/$PROJECT/interactions/$INTERACTION_ID/respond" \
  -H "Authorization: Bearer $MOBIUS_API_KEY" \
  -H "Content-Type: application/json" \
  -d '{ "value": true, "comment": "Looks good." }'
"""

#: What the guide has its reader call; nobody gets an answer without a good key.
ASKING_CALLS: Final = {
    "start_asking": START_ASKING,
    "follow_asking": FOLLOW_ASKING,
    "list_pending": LIST_PENDING,
    "respond": RESPOND,
}

#: Everything a caller without a good key must not get an answer from.
EVERY_CALL: Final = {
    "create_workflow": CREATE_WORKFLOW,
    "start_run": START_RUN,
    "follow_run": FOLLOW_RUN,
    "read_run": READ_RUN,
    "claim": CLAIM,
    "heartbeat": HEARTBEAT,
    "emit_events": EMIT_EVENTS,
    "complete": COMPLETE,
}


def call(method: str, path: str, body: str = "") -> str:
    """A command of the guides' form for a path that they name without a command.

    ``path`` is below the project and may hold variables; ``body`` is JSON without
    single quotes, or empty for none.
    """
    lines = [
        f'curl -X {method} "$MOBIUS_BASE_URL/v1/projects/$PROJECT/{path}"',
        '-H "Authorization: Bearer $MOBIUS_API_KEY"',
    ]
    if body:
        lines += ['-H "Content-Type: application/json"', f"-d '{body}'"]
    return " \\\n  ".join(lines)
