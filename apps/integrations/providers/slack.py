"""Slack: ``X-Slack-Signature`` over version, instant and body.

Three kinds of deliveries share one address: the Events API in JSON, and in forms slash
commands and interactivity.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from apps.api.body import invalid_field
from apps.integrations.arrivals import Credentials, Delivery, Greeting, Happening
from apps.integrations.payloads import is_form, read_form, read_object, routing
from apps.integrations.signatures import check_recent, check_signature, outdated

WINDOW: Final = timedelta(minutes=5)
_INSTANT: Final = "X-Slack-Request-Timestamp"
_SIGNATURE: Final = "X-Slack-Signature"
_DIGITS_MAX: Final = 12


def read(
    delivery: Delivery, credentials: Credentials, now: datetime
) -> Happening | Greeting:
    """Return ``slack.event``, ``slack.command`` or ``slack.interactivity``.

    Raises:
        Unauthenticated: the signature is not Slack's, or over five minutes old.
        Invalid: the body cannot be read.
    """
    _check(delivery, credentials, now)
    if is_form(delivery):
        return _from_form(delivery)
    payload = read_object(delivery.body)
    kind = payload.get("type")
    if not isinstance(kind, str):
        raise invalid_field("type", "expected a string")
    if kind == "url_verification":
        return Greeting({"challenge": str(payload.get("challenge", ""))})
    event_id = payload.get("event_id")
    has_id = isinstance(event_id, str) and 0 < len(event_id) <= 100
    meta = routing(
        payload,
        name="event.type|type",
        team_id="team_id",
        channel_id="event.channel|event.item.channel|event.channel.id",
        sender="event.user|event.user.id",
    )
    id_ = str(event_id) if has_id else _signature(delivery)
    return Happening("slack.event", id_, payload, meta)


def _check(delivery: Delivery, credentials: Credentials, now: datetime) -> None:
    at = delivery.headers.get(_INSTANT, "").strip()
    signed = b":".join([b"v0", at.encode(), delivery.body])
    check_signature(delivery, _SIGNATURE, "v0=", credentials.secret, signed=signed)
    if not (at.isascii() and at.isdigit() and len(at) <= _DIGITS_MAX):
        raise outdated(f"{_INSTANT}: expected seconds since 1970")
    check_recent(_INSTANT, int(at) * 1000, now=now, past=WINDOW, future=WINDOW)


def _from_form(delivery: Delivery) -> Happening | Greeting:
    form = read_form(delivery.body)
    if "payload" in form:
        payload = read_object(form["payload"].encode(), "payload")
        meta = routing(
            payload,
            name="type",
            team_id="team.id",
            channel_id="channel.id|container.channel_id",
            sender="user.id",
            callback_id="callback_id|view.callback_id",
        )
        return Happening("slack.interactivity", _signature(delivery), payload, meta)
    if form.get("ssl_check") == "1":
        return Greeting(None)
    if not form.get("command"):
        raise invalid_field("body", "expected a command or a payload")
    fields: dict[str, Any] = dict(form)
    meta = routing(
        fields,
        name="command",
        team_id="team_id",
        channel_id="channel_id",
        sender="user_id",
    )
    return Happening("slack.command", _signature(delivery), fields, meta)


def _signature(delivery: Delivery) -> str:
    """Return what no other delivery has: it covers the body and the instant."""
    return delivery.headers[_SIGNATURE].strip().lower()
