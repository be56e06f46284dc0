"""Gmail: a push of Google Pub/Sub, with a token that Google signs.

The token proves who sends, not what: it does not cover the body, so the subscription
can be fixed too.
"""

import base64
from datetime import datetime
from typing import Any, Final

from apps.api.body import invalid_field
from apps.integrations.arrivals import Credentials, Delivery, Greeting, Happening
from apps.integrations.google_keys import keys_of
from apps.integrations.google_tokens import check_token
from apps.integrations.payloads import (
    DELIVERY_ID_CHARS_MAX,
    event_name,
    read_object,
    routing,
)
from apps.kernel.errors import Invalid, PermissionDenied

_DATA: Final = "message.data"


def read(
    delivery: Delivery, credentials: Credentials, now: datetime
) -> Happening | Greeting:
    """Return ``gmail.message.received``; its event is ``{emailAddress, historyId}``.

    Raises:
        Unauthenticated: the token is not Google's, of somebody else, or too old.
        PermissionDenied: it comes from another subscription.
        Invalid: the body cannot be read.
        Unavailable: Google's keys cannot be had at the moment.
    """
    config = credentials.config
    check_token(
        delivery.headers.get("Authorization", ""),
        audience=config.get("audience") or credentials.receive_url,
        email=config["service_account_email"],
        keys=keys_of(config),
        now=now,
    )
    payload = read_object(delivery.body)
    subscription = payload.get("subscription")
    if config.get("subscription") not in (None, subscription):
        raise PermissionDenied("subscription: another one reports here")
    message = payload.get("message")
    if not isinstance(message, dict):
        raise invalid_field("message", "expected an object")
    id_ = message.get("messageId")
    if not (isinstance(id_, str) and 0 < len(id_) <= DELIVERY_ID_CHARS_MAX):
        raise invalid_field("message.messageId", "expected an id")
    notice = _decoded(message.get("data"))
    meta = {
        **routing(notice, email_address="emailAddress", history_id="historyId"),
        **routing(payload, subscription="subscription"),
        **routing(message, publish_time="publishTime"),
    }
    return Happening(event_name("gmail", "message", "received"), id_, notice, meta)


def _decoded(data: Any) -> dict[str, Any]:
    """Either alphabet of base64 will do."""
    try:
        text = str(data).translate(str.maketrans("-_", "+/")).rstrip("=")
        plain = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        notice = read_object(plain, _DATA)
    except (ValueError, Invalid):
        notice = {}
    if not isinstance(notice.get("emailAddress"), str) or "historyId" not in notice:
        raise invalid_field(_DATA, "expected base64 of {emailAddress, historyId}")
    return notice
