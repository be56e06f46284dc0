"""Jira, Cloud and Data Center: ``X-Hub-Signature`` over the body.

The body says when something happened, not when it was sent: a delivery that failed
comes again for up to 75 minutes, with the same identifier.
"""

from datetime import datetime, timedelta
from typing import Final

from apps.api.body import invalid_field
from apps.integrations.arrivals import Credentials, Delivery, Greeting, Happening
from apps.integrations.payloads import delivery_id, event_name, read_object, routing
from apps.integrations.signatures import check_recent, check_signature

WINDOW: Final = timedelta(hours=2)
#: Verbs of two words; elsewhere the last word is the verb.
_LONG_VERBS: Final = ("soft_deleted", "restored_deleted")


def read(
    delivery: Delivery, credentials: Credentials, now: datetime
) -> Happening | Greeting:
    """Return ``jira.<resource>.<created, updated, deleted …>``.

    Raises:
        Unauthenticated: the signature is not Jira's, or the event over two hours old.
        Invalid: the body or the name of the event cannot be read.
    """
    check_signature(
        delivery,
        "X-Hub-Signature",
        "sha256=",
        credentials.secret,
        signed=delivery.body,
    )
    payload = read_object(delivery.body)
    if payload.get("timestamp") is not None:
        check_recent("timestamp", payload["timestamp"], now=now, past=WINDOW)
    name = payload.get("webhookEvent")
    if not isinstance(name, str):
        raise invalid_field("webhookEvent", "expected a string")
    return Happening(
        event_name("jira", *_words(name.removeprefix("jira:"))),
        delivery_id(delivery, "X-Atlassian-Webhook-Identifier"),
        payload,
        routing(
            payload,
            project_key="issue.fields.project.key|project.key",
            issue="issue.key",
            sender="user.accountId|user.name|comment.author.accountId",
        ),
    )


def _words(name: str) -> list[str]:
    for verb in _LONG_VERBS:
        if name.endswith(f"_{verb}"):
            return [name.removesuffix(f"_{verb}"), verb]
    resource, found, verb = name.rpartition("_")
    return [resource, verb] if found else [name]
