"""What providers send, shortened: the shapes are theirs, the people are made up."""

from typing import Any

Payload = dict[str, Any]

PULL_REQUEST: Payload = {
    "action": "opened",
    "number": 42,
    "pull_request": {
        "id": 1782345678,
        "number": 42,
        "state": "open",
        "title": "Größere Zahlen — 大きい数 🚀",
        "user": {"login": "ada", "id": 1815, "type": "User"},
        "head": {
            "ref": "bigger-numbers",
            "sha": "6dcb09b5b57875f334f61aeb",
        },
        "base": {"ref": "main", "sha": "c3d0be41ecbe669545ee3e94d31ed9a4bc91ee3c"},
        "draft": False,
        "merged": False,
    },
    "repository": {
        "id": 186853002,
        "name": "engine",
        "full_name": "analytical/engine",
        "private": True,
        "owner": {"login": "analytical", "id": 1843},
    },
    "organization": {"login": "analytical", "id": 1843},
    "sender": {"login": "ada", "id": 1815, "type": "User"},
}

PUSH: Payload = {
    "ref": "refs/heads/main",
    "before": "6113728f27ae82c7b1a177c8d03f9e96e0adf246",
    "after": "59b20b8d5c6ff8d09518454d4dd8b7b30f095ab5",
    "created": False,
    "forced": False,
    "commits": [
        {
            "id": "59b20b8d5c6ff8d09518454d4dd8b7b30f095ab5",
            "message": "Count cards",
            "added": ["cards.py"],
        }
    ],
    "repository": {"id": 186853002, "full_name": "analytical/engine"},
    "pusher": {"name": "ada", "email": "ada@example.com"},
    "sender": {"login": "ada", "id": 1815},
}

PING: Payload = {
    "zen": "Keep it logically awesome.",
    "hook_id": 109948940,
    "hook": {"type": "Repository", "id": 109948940, "events": ["*"], "active": True},
    "repository": {"full_name": "analytical/engine"},
    "sender": {"login": "ada"},
}

#: ``webhookTimestamp`` is put in when it is sent.
LINEAR_ISSUE: Payload = {
    "action": "update",
    "actor": {"id": "b5ea5f1f-8adc-4f52-b4bd-ab4e84cf51ba", "type": "user"},
    "createdAt": "2026-05-04T11:59:59.000Z",
    "data": {
        "id": "539068e2-ae88-4d09-bd75-22eb4a59612f",
        "identifier": "ENG-7",
        "title": "Überlauf",
        "teamId": "72b2a2dc-6f4f-4423-9d34-24b5bd10634a",
        "team": {"id": "72b2a2dc-6f4f-4423-9d34-24b5bd10634a", "key": "ENG"},
        "state": {"id": "s-2", "name": "Done", "type": "completed"},
    },
    "updatedFrom": {"stateId": "s-1"},
    "url": "https://linear.app/analytical/issue/ENG-7",
    "type": "Issue",
    "organizationId": "9ac1e9d8-65d0-4f6f-8a4e-9d1f62d5a8c1",
    "webhookId": "000042e3-d123-4980-b49f-8e140eef9329",
}

SLACK_EVENT: Payload = {
    "token": "not-used",
    "team_id": "T061EG9R6",
    "api_app_id": "A0MDYCDME",
    "event": {
        "type": "app_mention",
        "user": "U061F7AUR",
        "text": "<@U0LAN0Z89> wie viele? 🤔",
        "ts": "1515449522.000016",
        "channel": "C0LAN2Q65",
        "event_ts": "1515449522000016",
    },
    "type": "event_callback",
    "event_id": "Ev0MDYGDKJ",
    "event_time": 1515449522,
}

SLACK_COMMAND: dict[str, str] = {
    "token": "not-used",
    "team_id": "T061EG9R6",
    "team_domain": "analytical",
    "channel_id": "C0LAN2Q65",
    "channel_name": "engine",
    "user_id": "U061F7AUR",
    "user_name": "ada",
    "command": "/deploy",
    "text": "engine & more ü",
    "response_url": "https://hooks.slack.com/commands/1234/5678",
    "trigger_id": "13345224609.738474920.8088930838d88f008e0",
}

SLACK_BLOCKS: Payload = {
    "type": "block_actions",
    "user": {"id": "U061F7AUR", "username": "ada", "team_id": "T061EG9R6"},
    "api_app_id": "A0MDYCDME",
    "container": {"type": "message", "channel_id": "C0LAN2Q65"},
    "trigger_id": "12321423423.333649436676.d8c1bb837935619ccad0f624c448ffb3",
    "team": {"id": "T061EG9R6", "domain": "analytical"},
    "channel": {"id": "C0LAN2Q65", "name": "engine"},
    "actions": [{"action_id": "approve", "type": "button", "value": "yes"}],
}

#: ``timestamp`` is put in when it is sent.
JIRA_ISSUE: Payload = {
    "webhookEvent": "jira:issue_updated",
    "issue_event_type_name": "issue_generic",
    "user": {"accountId": "5b10a2844c20165700ede21g", "displayName": "Ada"},
    "issue": {
        "id": "99291",
        "key": "ENG-7",
        "fields": {
            "summary": "Überlauf bei 2³²",
            "issuetype": {"name": "Bug"},
            "project": {"id": "10000", "key": "ENG", "name": "Engine"},
        },
    },
    "changelog": {
        "id": "10124",
        "items": [{"field": "status", "fromString": "To Do", "toString": "Done"}],
    },
}

GMAIL_NOTICE: Payload = {"emailAddress": "ada@example.com", "historyId": 9876543210}
