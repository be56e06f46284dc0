"""GitHub: ``X-Hub-Signature-256`` over the body.

Nothing in a delivery says when it was signed, so a repetition is told by its id alone.
Both content types that GitHub offers are read.
"""

from datetime import datetime

from apps.api.body import invalid_field
from apps.integrations.arrivals import Credentials, Delivery, Greeting, Happening
from apps.integrations.payloads import (
    delivery_id,
    event_name,
    is_form,
    read_form,
    read_object,
    routing,
)
from apps.integrations.signatures import check_signature


def read(
    delivery: Delivery, credentials: Credentials, now: datetime
) -> Happening | Greeting:
    """Return ``github.<event>.<action>``, or ``github.<event>`` if it has no action.

    Raises:
        Unauthenticated: the signature is not GitHub's.
        Invalid: the body or the name of the event cannot be read.
    """
    check_signature(
        delivery,
        "X-Hub-Signature-256",
        "sha256=",
        credentials.secret,
        signed=delivery.body,
    )
    name = delivery.headers.get("X-GitHub-Event", "")
    if not name:
        raise invalid_field("X-GitHub-Event", "is required")
    if is_form(delivery):
        payload = read_object(read_form(delivery.body).get("payload", "").encode())
    else:
        payload = read_object(delivery.body)
    if name == "ping":
        return Greeting({"status": "pong"})
    action = payload.get("action")
    words = [name, action] if isinstance(action, str) and action else [name]
    return Happening(
        event_name("github", *words),
        delivery_id(delivery, "X-GitHub-Delivery"),
        payload,
        routing(
            payload,
            repository="repository.full_name",
            organization="organization.login",
            sender="sender.login",
            action="action",
            ref="ref",
            number="number|issue.number",
        ),
    )
