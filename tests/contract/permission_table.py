"""Which permission each method of each path of the API asks for.

Written by hand on purpose: a route that is not here, or asks for something else, is a
decision that somebody has to make.
"""

from dataclasses import dataclass
from typing import Any, Final

from apps.identity.permissions import Permission as P
from tests.contract import permissions_of_agents as of_agents

_SPEC: Final = {"name": "made", "steps": [{"name": "a", "action": "b"}]}
_FENCE: Final = {"worker_id": "w1", "attempt": 1}


@dataclass(frozen=True)
class Rule:
    """What a route asks for, and a body that it understands.

    A text ``$name`` in the body stands for the id of an object of the caller's
    project.
    """

    permission: P
    body: Any = None


_KEY: Final = {
    "name": "second",
    "principal_id": "$weak_principal_id",
    "allow_unassigned_principal": True,
}
_PRINCIPAL: Final = {"name": "made", "kind": "service"}
_ASSIGNMENT: Final = {"principal_id": "$principal_id", "role_name": "Unassigned"}
_QUESTION: Final = {
    "type": "approval",
    "message": "Is it good?",
    "target": {"type": "user", "id": "$principal_id"},
}
_RUNS: Final = {"run_ids": ["$run_id"]}
_TRIGGER: Final = {
    "name": "made",
    "kind": "manual",
    "targets": [{"workflow_id": "$workflow"}],
}
_STEPS: Final = [{"id": "a", "kind": "action", "config": {"action_name": "b"}}]
_VERSION: Final = {"spec": {"steps": _STEPS}}
_INTEGRATION: Final = {"name": "made", "provider": "github", "secret": "webhook-1"}
_ACTION: Final = {"name": "made", "endpoint_url": "https://example.com/made"}

#: (method, path below /v1/projects/{project}) -> rule
IN_PROJECT: Final[dict[tuple[str, str], Rule]] = {
    ("GET", ""): Rule(P.PROJECT_VIEW),
    ("PATCH", ""): Rule(P.PROJECT_ADMIN, {"description": "d"}),
    ("DELETE", ""): Rule(P.ORG_PROJECTS_MANAGE),
    ("POST", "/archive"): Rule(P.ORG_PROJECTS_MANAGE, {}),
    ("POST", "/restore"): Rule(P.ORG_PROJECTS_MANAGE, {}),
    ("GET", "/capabilities"): Rule(P.PROJECT_VIEW),
    ("GET", "/api-keys"): Rule(P.ACCESS_MANAGE),
    ("POST", "/api-keys"): Rule(P.ACCESS_MANAGE, _KEY),
    ("GET", "/api-keys/{key_id}"): Rule(P.ACCESS_MANAGE),
    ("PATCH", "/api-keys/{key_id}"): Rule(P.ACCESS_MANAGE, {"name": "n"}),
    ("DELETE", "/api-keys/{key_id}"): Rule(P.ACCESS_MANAGE),
    ("POST", "/api-keys/{key_id}/rotate"): Rule(P.ACCESS_MANAGE, {}),
    ("GET", "/members"): Rule(P.PROJECT_VIEW),
    ("POST", "/members"): Rule(P.ACCESS_MANAGE, {"name": "made", "role_names": []}),
    ("GET", "/members/{user_id}"): Rule(P.PROJECT_VIEW),
    ("PATCH", "/members/{user_id}"): Rule(P.ACCESS_MANAGE, {"role_names": []}),
    ("DELETE", "/members/{user_id}"): Rule(P.ACCESS_MANAGE),
    ("GET", "/members/{user_id}/groups"): Rule(P.GROUP_VIEW),
    ("GET", "/groups"): Rule(P.GROUP_VIEW),
    ("POST", "/groups"): Rule(P.GROUP_MANAGE, {"name": "made"}),
    ("GET", "/groups/{group}"): Rule(P.GROUP_VIEW),
    ("PATCH", "/groups/{group}"): Rule(P.GROUP_MANAGE, {"description": "d"}),
    ("DELETE", "/groups/{group}"): Rule(P.GROUP_MANAGE),
    ("GET", "/groups/{group}/members"): Rule(P.GROUP_VIEW),
    ("POST", "/groups/{group}/members"): Rule(
        P.GROUP_MANAGE, {"user_id": "$outsider_id"}
    ),
    ("DELETE", "/groups/{group}/members/{user_id}"): Rule(P.GROUP_MANAGE),
    ("GET", "/secrets"): Rule(P.SECRET_VIEW),
    ("POST", "/secrets"): Rule(P.SECRET_MANAGE, {"name": "m", "values": {"k": "v"}}),
    ("GET", "/secrets/{secret}"): Rule(P.SECRET_VIEW),
    ("PATCH", "/secrets/{secret}"): Rule(P.SECRET_MANAGE, {"description": "d"}),
    ("DELETE", "/secrets/{secret}"): Rule(P.SECRET_MANAGE),
    ("GET", "/secrets/{secret}/versions"): Rule(P.SECRET_VIEW),
    ("GET", "/secrets/{secret}/versions/{number}"): Rule(P.SECRET_VIEW),
    ("GET", "/source-events"): Rule(P.SOURCE_EVENT_VIEW),
    ("POST", "/source-events"): Rule(
        P.SOURCE_EVENT_PUBLISH, {"event_type": "custom.made"}
    ),
    ("POST", "/source-events/batch"): Rule(
        P.SOURCE_EVENT_PUBLISH, {"events": [{"event_type": "custom.made"}]}
    ),
    ("GET", "/source-events/{event_id}"): Rule(P.SOURCE_EVENT_VIEW),
    ("GET", "/catalog/events"): Rule(P.SOURCE_EVENT_VIEW),
    ("GET", "/triggers"): Rule(P.TRIGGER_VIEW),
    ("POST", "/triggers"): Rule(P.TRIGGER_MANAGE, _TRIGGER),
    ("GET", "/triggers/{trigger}"): Rule(P.TRIGGER_VIEW),
    ("PATCH", "/triggers/{trigger}"): Rule(P.TRIGGER_MANAGE, {"enabled": True}),
    ("DELETE", "/triggers/{trigger}"): Rule(P.TRIGGER_MANAGE),
    ("GET", "/triggers/{trigger}/fires"): Rule(P.TRIGGER_VIEW),
    ("POST", "/triggers/{trigger}/fire"): Rule(P.RUN_START, {}),
    ("GET", "/integrations"): Rule(P.INTEGRATION_VIEW),
    ("POST", "/integrations"): Rule(P.INTEGRATION_MANAGE, _INTEGRATION),
    ("GET", "/integrations/{integration}"): Rule(P.INTEGRATION_VIEW),
    ("PATCH", "/integrations/{integration}"): Rule(
        P.INTEGRATION_MANAGE, {"enabled": True}
    ),
    ("DELETE", "/integrations/{integration}"): Rule(P.INTEGRATION_MANAGE),
    ("GET", "/actions"): Rule(P.ACTION_VIEW),
    ("POST", "/actions"): Rule(P.ACTION_MANAGE, _ACTION),
    ("GET", "/actions/{name}"): Rule(P.ACTION_VIEW),
    ("PATCH", "/actions/{name}"): Rule(P.ACTION_MANAGE, {"title": "t"}),
    ("DELETE", "/actions/{name}"): Rule(P.ACTION_MANAGE),
    ("POST", "/actions/{name}/secret/rotate"): Rule(P.ACTION_MANAGE, {}),
    ("GET", "/actions/catalog"): Rule(P.ACTION_VIEW),
    ("GET", "/actions/catalog/{name}"): Rule(P.ACTION_VIEW),
    ("GET", "/catalog/actions"): Rule(P.ACTION_VIEW),
    ("GET", "/catalog/actions/{name}"): Rule(P.ACTION_VIEW),
    ("GET", "/invocations"): Rule(P.ACTION_VIEW),
    ("GET", "/invocations/{invocation_id}"): Rule(P.ACTION_VIEW),
    ("GET", "/action-invocations"): Rule(P.ACTION_VIEW),
    ("GET", "/action-invocations/{invocation_id}"): Rule(P.ACTION_VIEW),
    ("GET", "/webhooks"): Rule(P.WEBHOOK_VIEW),
    ("POST", "/webhooks"): Rule(P.WEBHOOK_MANAGE, {"name": "made"}),
    ("GET", "/webhooks/{webhook}"): Rule(P.WEBHOOK_VIEW),
    ("PATCH", "/webhooks/{webhook}"): Rule(P.WEBHOOK_MANAGE, {"enabled": True}),
    ("DELETE", "/webhooks/{webhook}"): Rule(P.WEBHOOK_MANAGE),
    ("POST", "/webhooks/{webhook}/secret/rotate"): Rule(P.WEBHOOK_MANAGE, {}),
    ("POST", "/webhooks/{webhook}/ping"): Rule(P.WEBHOOK_MANAGE, {}),
    ("GET", "/webhooks/{webhook}/deliveries"): Rule(P.WEBHOOK_VIEW),
    ("GET", "/webhooks/{webhook}/deliveries/{delivery_id}"): Rule(P.WEBHOOK_VIEW),
    ("POST", "/webhooks/{webhook}/deliveries/{delivery_id}/redeliver"): Rule(
        P.WEBHOOK_MANAGE, {}
    ),
    ("GET", "/principals"): Rule(P.PROJECT_VIEW),
    ("POST", "/principals"): Rule(P.ACCESS_MANAGE, _PRINCIPAL),
    ("GET", "/principals/{principal_id}"): Rule(P.PROJECT_VIEW),
    ("GET", "/retention"): Rule(P.PROJECT_VIEW),
    ("GET", "/audit-logs"): Rule(P.AUDIT_VIEW),
    ("PATCH", "/retention"): Rule(P.PROJECT_ADMIN, {"keep_runs_days": 30}),
    ("PATCH", "/principals/{principal_id}"): Rule(
        P.ACCESS_MANAGE, {"state": "disabled"}
    ),
    ("DELETE", "/principals/{principal_id}"): Rule(P.ACCESS_MANAGE),
    ("GET", "/service-accounts"): Rule(P.PROJECT_VIEW),
    ("POST", "/service-accounts"): Rule(P.ACCESS_MANAGE, {"name": "made"}),
    ("GET", "/service-accounts/{account_id}"): Rule(P.PROJECT_VIEW),
    ("PATCH", "/service-accounts/{account_id}"): Rule(
        P.ACCESS_MANAGE, {"status": "disabled"}
    ),
    ("DELETE", "/service-accounts/{account_id}"): Rule(P.ACCESS_MANAGE),
    ("GET", "/permissions"): Rule(P.PROJECT_VIEW),
    ("GET", "/roles"): Rule(P.PROJECT_VIEW),
    ("POST", "/roles"): Rule(P.ACCESS_MANAGE, {"name": "made", "permissions": []}),
    ("GET", "/roles/{role_id}"): Rule(P.PROJECT_VIEW),
    ("PATCH", "/roles/{role_id}"): Rule(P.ACCESS_MANAGE, {"description": "d"}),
    ("DELETE", "/roles/{role_id}"): Rule(P.ACCESS_MANAGE),
    ("GET", "/role-assignments"): Rule(P.PROJECT_VIEW),
    ("POST", "/role-assignments"): Rule(P.ACCESS_MANAGE, _ASSIGNMENT),
    ("GET", "/role-assignments/{assignment_id}"): Rule(P.PROJECT_VIEW),
    ("DELETE", "/role-assignments/{assignment_id}"): Rule(P.ACCESS_MANAGE),
    ("GET", "/workflows"): Rule(P.WORKFLOW_VIEW),
    ("POST", "/workflows"): Rule(P.WORKFLOW_EDIT, {"name": "Made", "spec": _SPEC}),
    ("GET", "/workflows/{workflow}"): Rule(P.WORKFLOW_VIEW),
    ("PATCH", "/workflows/{workflow}"): Rule(P.WORKFLOW_EDIT, {"description": "d"}),
    ("DELETE", "/workflows/{workflow}"): Rule(P.WORKFLOW_EDIT),
    ("GET", "/workflows/{workflow}/versions"): Rule(P.WORKFLOW_VIEW),
    ("GET", "/workflows/{workflow}/versions/{number}"): Rule(P.WORKFLOW_VIEW),
    # A triggers block asks for the permission to manage triggers as well.
    ("GET", "/automations"): Rule(P.WORKFLOW_VIEW),
    ("POST", "/automations"): Rule(P.WORKFLOW_EDIT, {"name": "Made", "handle": "made"}),
    ("GET", "/automations/{automation}"): Rule(P.WORKFLOW_VIEW),
    ("PATCH", "/automations/{automation}"): Rule(P.WORKFLOW_EDIT, {"name": "n"}),
    ("DELETE", "/automations/{automation}"): Rule(P.WORKFLOW_EDIT),
    ("GET", "/automations/{automation}/versions"): Rule(P.WORKFLOW_VIEW),
    ("POST", "/automations/{automation}/versions"): Rule(P.WORKFLOW_EDIT, _VERSION),
    ("GET", "/automations/{automation}/versions/{number}"): Rule(P.WORKFLOW_VIEW),
    ("POST", "/automations/{automation}/versions/{number}/publication"): Rule(
        P.WORKFLOW_EDIT, {}
    ),
    ("GET", "/automations/{automation}/runs"): Rule(P.RUN_VIEW),
    ("POST", "/automations/{automation}/runs"): Rule(P.RUN_START, {}),
    ("GET", "/loops"): Rule(P.WORKFLOW_VIEW),
    ("POST", "/loops"): Rule(P.WORKFLOW_EDIT, {"name": "Made", "steps": _STEPS}),
    ("GET", "/loops/{loop}"): Rule(P.WORKFLOW_VIEW),
    ("PATCH", "/loops/{loop}"): Rule(P.WORKFLOW_EDIT, {"concurrency": "skip"}),
    ("DELETE", "/loops/{loop}"): Rule(P.WORKFLOW_EDIT),
    ("GET", "/loops/{loop}/runs"): Rule(P.RUN_VIEW),
    ("POST", "/loops/{loop}/runs"): Rule(P.RUN_START, {}),
    ("GET", "/workflows/{workflow}/runs"): Rule(P.RUN_VIEW),
    ("POST", "/workflows/{workflow}/runs"): Rule(P.RUN_START, {}),
    ("GET", "/runs"): Rule(P.RUN_VIEW),
    ("POST", "/runs"): Rule(P.RUN_START, {"spec": _SPEC}),
    ("POST", "/runs/cancellations"): Rule(P.RUN_CONTROL, _RUNS),
    ("POST", "/runs/retries"): Rule(P.RUN_CONTROL, _RUNS),
    ("GET", "/runs/{run_id}"): Rule(P.RUN_VIEW),
    ("GET", "/runs/{run_id}/diagnosis"): Rule(P.RUN_VIEW),
    ("GET", "/metrics"): Rule(P.RUN_VIEW),
    ("GET", "/runs/{run_id}/jobs"): Rule(P.RUN_VIEW),
    ("GET", "/runs/{run_id}/action-log"): Rule(P.RUN_VIEW),
    ("POST", "/runs/{run_id}/cancellations"): Rule(P.RUN_CONTROL, {}),
    ("POST", "/runs/{run_id}/resumptions"): Rule(P.RUN_CONTROL, {}),
    ("POST", "/runs/{run_id}/signals"): Rule(P.RUN_CONTROL, {"name": "go"}),
    ("POST", "/runs/{run_id}/cancel"): Rule(P.RUN_CONTROL, {}),
    ("POST", "/runs/{run_id}/resume"): Rule(P.RUN_CONTROL, {}),
    ("POST", "/runs/{run_id}/retry"): Rule(P.RUN_CONTROL, {}),
    ("GET", "/runs/{run_id}/steps"): Rule(P.RUN_VIEW),
    ("POST", "/runs/{run_id}/usage"): Rule(
        P.JOB_EMIT_EVENT, {"category": "tokens", "quantity": 1}
    ),
    ("POST", "/jobs/{job_id}/heartbeat"): Rule(P.JOB_CLAIM, _FENCE),
    ("POST", "/jobs/{job_id}/events"): Rule(
        P.JOB_EMIT_EVENT, {**_FENCE, "events": [{"type": "progress", "payload": {}}]}
    ),
    ("POST", "/jobs/{job_id}/interactions"): Rule(P.JOB_REPORT, _QUESTION),
    ("POST", "/jobs/{job_id}/complete"): Rule(
        P.JOB_REPORT, {**_FENCE, "status": "completed"}
    ),
    ("GET", "/workers"): Rule(P.WORKER_VIEW),
    ("GET", "/worker-sessions"): Rule(P.WORKER_VIEW),
    ("GET", "/interactions"): Rule(P.INTERACTION_VIEW),
    ("POST", "/interactions"): Rule(P.INTERACTION_MANAGE, _QUESTION),
    ("GET", "/interactions/{interaction_id}"): Rule(P.INTERACTION_VIEW),
    ("DELETE", "/interactions/{interaction_id}"): Rule(P.INTERACTION_MANAGE),
    # Whoever has a part in a question may act on it; that is decided later.
    ("POST", "/interactions/{interaction_id}/respond"): Rule(
        P.INTERACTION_VIEW, {"value": True}
    ),
    ("POST", "/interactions/{interaction_id}/claim"): Rule(P.INTERACTION_VIEW, {}),
    ("POST", "/interactions/{interaction_id}/release"): Rule(P.INTERACTION_VIEW, {}),
    ("POST", "/interactions/{interaction_id}/delegate"): Rule(
        P.INTERACTION_VIEW, {"to": "$user_id"}
    ),
    ("POST", "/interactions/{interaction_id}/review"): Rule(
        P.INTERACTION_VIEW, {"action": "accept"}
    ),
    ("POST", "/interactions/{interaction_id}/cancel"): Rule(P.INTERACTION_VIEW, {}),
    ("POST", "/interactions/{interaction_id}/links"): Rule(
        P.INTERACTION_VIEW, {"user_id": "$principal_id"}
    ),
    **{route: Rule(*asked) for route, asked in of_agents.ROUTES.items()},
}

#: What comes after the permission: the status for somebody who has nothing else.
THEN: Final[dict[tuple[str, str], int]] = {
    # It is an Admin's key: who holds less cannot have another like it.
    ("POST", "/api-keys/{key_id}/rotate"): 403,
    # Nothing is paused, so there is nothing to resume.
    ("POST", "/runs/{run_id}/resumptions"): 409,
    # Nor is it failed.
    ("POST", "/runs/{run_id}/resume"): 409,
    ("POST", "/runs/{run_id}/retry"): 409,
    # It is pending: cancel it first.
    ("DELETE", "/interactions/{interaction_id}"): 400,
    **of_agents.THEN,
    # Nobody asked this caller.
    **{
        ("POST", f"/interactions/{{interaction_id}}/{verb}"): 403
        for verb in (
            *("respond", "claim", "release", "delegate", "review"),
            *("cancel", "links"),
        )
    },
}

#: Held routes: served by the ASGI application itself.
HELD: Final[dict[tuple[str, str], Rule]] = {
    ("POST", "/jobs/claim"): Rule(P.JOB_CLAIM, {"worker_id": "w2"}),
    ("GET", "/workers/socket"): Rule(P.JOB_CLAIM),
    ("GET", "/runs/events"): Rule(P.RUN_VIEW),
    ("GET", "/runs/{run}/events"): Rule(P.RUN_VIEW),
    ("GET", "/runs/{run}/events.stream"): Rule(P.RUN_VIEW),
    **{route: Rule(*asked) for route, asked in of_agents.HELD.items()},
    ("POST", "/actions/{name}/invoke"): Rule(P.ACTION_INVOKE, {"dry_run": True}),
    ("POST", "/actions/{name}/invocations"): Rule(P.ACTION_INVOKE, {"dry_run": True}),
}

#: Paths of the API that name no project.
OUTSIDE: Final = {
    ("GET", "/v1/projects"): Rule(P.PROJECT_VIEW),
    ("GET", "/v1/audit-logs"): Rule(P.AUDIT_VIEW),
    ("POST", "/v1/projects"): Rule(P.ORG_PROJECTS_MANAGE, {"name": "Made"}),
}
