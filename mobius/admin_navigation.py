"""The sidebar of the admin: what is where, for whom."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy


def _allowed(app: str, model: str) -> Callable[[HttpRequest], bool]:
    """Return whether who asks may look at the rows; to change is to look."""

    def allowed(request: HttpRequest) -> bool:
        return any(
            request.user.has_perm(f"{app}.{verb}_{model}")
            for verb in ("view", "change")
        )

    return allowed


def _page(title: str, icon: str, app: str, model: str) -> dict[str, Any]:
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{model}_changelist"),
        "permission": _allowed(app, model),
    }


def _group(title: str, *pages: dict[str, Any]) -> dict[str, Any]:
    return {"title": title, "separator": True, "items": list(pages)}


_OVERVIEW = {
    "title": "Overview",
    "icon": "monitoring",
    "link": reverse_lazy("admin:index"),
}

#: For ``UNFOLD["SIDEBAR"]["navigation"]``.
NAVIGATION: list[dict[str, Any]] = [
    {"items": [_OVERVIEW]},
    _group(
        "Work",
        _page("Runs", "play_circle", "runs", "run"),
        _page("Waits", "hourglass_top", "runs", "wait"),
        _page("Signals", "notifications", "runs", "runsignal"),
        _page("Interactions", "forum", "interactions", "interaction"),
        _page("Answers", "how_to_vote", "interactions", "interactionresponse"),
        _page("Who is asked", "contacts", "interactions", "interactionparticipant"),
        _page("Groups", "groups", "interactions", "group"),
        _page("Group members", "person_add", "interactions", "groupmember"),
    ),
    _group(
        "Agents",
        _page("Agents", "smart_toy", "agents", "agent"),
        _page("Sessions", "chat", "agents", "session"),
        _page("Messages", "chat_bubble", "agents", "sessionmessage"),
    ),
    _group(
        "Queue",
        _page("Jobs", "work", "jobs", "job"),
        _page("Workers", "memory", "jobs", "worker"),
        _page("Actions", "extension", "actions", "customaction"),
        _page("Calls of actions", "call_made", "actions", "invocation"),
    ),
    _group(
        "Events",
        _page("Source events", "bolt", "source_events", "sourceevent"),
        _page("Listeners", "hearing", "source_events", "listener"),
        _page("Integrations", "cable", "integrations", "integration"),
        _page("Webhooks", "webhook", "webhooks", "webhook"),
        _page("Triggers", "alarm", "triggers", "trigger"),
        _page("Fires", "local_fire_department", "triggers", "triggerfire"),
        _page("Timelines", "timeline", "run_events", "runevent"),
        _page("Timeline heads", "start", "run_events", "runstream"),
        _page("Deliveries", "send", "deliveries", "delivery"),
        _page("Receivers in trouble", "sms_failed", "deliveries", "trouble"),
        _page("Idempotency keys", "fingerprint", "api", "idempotencyrecord"),
    ),
    _group(
        "Definitions",
        _page("Workflows", "account_tree", "workflows", "workflow"),
        _page("Versions", "history", "workflows", "workflowversion"),
        _page("Specs", "data_object", "workflows", "spec"),
    ),
    _group(
        "Access",
        _page("Organizations", "domain", "identity", "organization"),
        _page("Projects", "folder", "identity", "project"),
        _page("Principals", "person", "identity", "principal"),
        _page("API keys", "key", "identity", "apikey"),
        _page("Roles", "shield", "identity", "role"),
        _page("Role assignments", "assignment_ind", "identity", "roleassignment"),
        _page("Secrets", "encrypted", "secrets", "secret"),
        _page("Secret versions", "lock_clock", "secrets", "secretversion"),
        _page("Audit log", "policy", "audit", "auditrecord"),
        _page("Audit heads", "link", "audit", "audithead"),
        _page("Accounts", "manage_accounts", "auth", "user"),
        _page("Account groups", "groups", "auth", "group"),
    ),
]
