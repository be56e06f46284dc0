"""Linear: ``Linear-Signature`` over the body, which says when it was sent."""

from datetime import datetime, timedelta
from typing import Final

from apps.api.body import invalid_field
from apps.integrations.arrivals import Credentials, Delivery, Greeting, Happening
from apps.integrations.payloads import delivery_id, event_name, read_object, routing
from apps.integrations.signatures import check_recent, check_signature

WINDOW: Final = timedelta(seconds=60)
#: Linear's words for what happened, in ours; others stay as they are.
_VERBS: Final = {"create": "created", "update": "updated", "remove": "removed"}


def read(
    delivery: Delivery, credentials: Credentials, now: datetime
) -> Happening | Greeting:
    """Return ``linear.<type>.<created, updated or removed>``.

    Raises:
        Unauthenticated: the signature is not Linear's, or over a minute old.
        Invalid: the body or the name of the event cannot be read.
    """
    check_signature(
        delivery, "Linear-Signature", "", credentials.secret, signed=delivery.body
    )
    payload = read_object(delivery.body)
    check_recent(
        "webhookTimestamp",
        payload.get("webhookTimestamp"),
        now=now,
        past=WINDOW,
        future=WINDOW,
    )
    kind, action = payload.get("type"), payload.get("action")
    if not isinstance(kind, str):
        raise invalid_field("type", "expected a string")
    if not isinstance(action, str):
        raise invalid_field("action", "expected a string")
    return Happening(
        event_name("linear", kind, _VERBS.get(action, action)),
        delivery_id(delivery, "Linear-Delivery"),
        payload,
        routing(
            payload,
            organization_id="organizationId",
            team_id="data.teamId|data.team.id",
            team_key="data.team.key",
            issue="data.identifier|data.issue.identifier",
            sender="actor.id",
        ),
    )
