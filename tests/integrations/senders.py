"""Providers as they sign: a body and the headers that go with it."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.integrations.payloads import (
    GMAIL_NOTICE,
    JIRA_ISSUE,
    LINEAR_ISSUE,
    PULL_REQUEST,
    SLACK_EVENT,
)

SECRET = "s3cret-of-the-hook"
EMAIL = "pusher@analytical.iam.gserviceaccount.com"
AUDIENCE = "https://mobius.example.com/gmail"
SUBSCRIPTION = "projects/analytical/subscriptions/mail"
KEY = RSAKey.generate_key(2048, {"kid": "first"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "second"})


@dataclass(frozen=True)
class Request:
    """One delivery, ready to be posted."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    def with_body(self, body: bytes) -> "Request":
        return replace(self, body=body)

    def with_headers(self, **more: str | None) -> "Request":
        """Headers by name with ``_`` for ``-``; None takes one away."""
        headers = dict(self.headers)
        for name, value in more.items():
            written = name.replace("_", "-")
            headers.pop(written, None)
            if value is not None:
                headers[written] = value
        return replace(self, headers=headers)


def json_of(payload: Any) -> bytes:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def hmac_of(signed: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def github(
    payload: Any = PULL_REQUEST,
    *,
    event: str = "pull_request",
    id: str = "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    secret: str = SECRET,
    body: bytes | None = None,
    form: bool = False,
) -> Request:
    raw = json_of(payload) if body is None else body
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    raw = urlencode({"payload": raw.decode()}).encode() if form else raw
    headers = {
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": id,
        "X-Hub-Signature-256": f"sha256={hmac_of(raw, secret)}",
        "User-Agent": "GitHub-Hookshot/044aadd",
    }
    return Request(raw, headers, kind)


def linear(
    payload: Any = LINEAR_ISSUE,
    *,
    at: datetime,
    id: str = "234d1a4e-b617-4388-90fe-adc3633d6b72",
    secret: str = SECRET,
    body: bytes | None = None,
) -> Request:
    sent = {**payload, "webhookTimestamp": milliseconds(at)}
    raw = json_of(sent) if body is None else body
    headers = {
        "Linear-Delivery": id,
        "Linear-Event": str(payload.get("type")),
        "Linear-Signature": hmac_of(raw, secret),
    }
    return Request(raw, headers)


def slack(
    payload: Any = SLACK_EVENT,
    *,
    at: datetime,
    secret: str = SECRET,
    body: bytes | None = None,
    form: dict[str, str] | None = None,
) -> Request:
    raw = json_of(payload) if body is None else body
    raw = raw if form is None else urlencode(form).encode()
    seconds = str(int(at.timestamp()))
    signed = b"v0:" + seconds.encode() + b":" + raw
    headers = {
        "X-Slack-Request-Timestamp": seconds,
        "X-Slack-Signature": f"v0={hmac_of(signed, secret)}",
    }
    kind = "application/json" if form is None else "application/x-www-form-urlencoded"
    return Request(raw, headers, kind)


def jira(
    payload: Any = JIRA_ISSUE,
    *,
    at: datetime | None,
    id: str = "1f2a3b4c5d",
    secret: str = SECRET,
    body: bytes | None = None,
) -> Request:
    sent = dict(payload) if at is None else {"timestamp": milliseconds(at), **payload}
    raw = json_of(sent) if body is None else body
    headers = {
        "X-Hub-Signature": f"sha256={hmac_of(raw, secret)}",
        "X-Atlassian-Webhook-Identifier": id,
    }
    return Request(raw, headers)


def gmail(
    notice: Any = GMAIL_NOTICE,
    *,
    at: datetime,
    id: str = "2070443601311540",
    key: RSAKey = KEY,
    body: bytes | None = None,
    **claims: Any,
) -> Request:
    pushed = {
        "message": {
            "data": base64.b64encode(json_of(notice)).decode(),
            "messageId": id,
            "publishTime": "2026-05-04T11:59:58.701Z",
        },
        "subscription": SUBSCRIPTION,
    }
    raw = json_of(pushed) if body is None else body
    return Request(raw, {"Authorization": f"Bearer {token(at=at, key=key, **claims)}"})


def token(
    *, at: datetime, key: Any = KEY, header: dict[str, Any] | None = None, **more: Any
) -> str:
    """A token as Google signs it; a claim of None is left out."""
    seconds = int(at.timestamp())
    claims = {
        "iss": "https://accounts.google.com",
        "aud": AUDIENCE,
        "email": EMAIL,
        "email_verified": True,
        "sub": "113774264463038321964",
        "iat": seconds,
        "exp": seconds + 3600,
        **more,
    }
    kept = {name: value for name, value in claims.items() if value is not None}
    named = {"alg": "RS256", "kid": key.kid} if header is None else header
    return jwt.encode(named, kept, key)


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


#: Provider -> its most usual delivery at an instant, signed with a secret or key.
SENDERS: dict[str, Callable[..., Request]] = {
    "github": lambda at, **more: github(**more),
    "linear": linear,
    "slack": slack,
    "jira": jira,
    "gmail": gmail,
}
SIGNATURES = {
    "github": "X-Hub-Signature-256",
    "linear": "Linear-Signature",
    "slack": "X-Slack-Signature",
    "jira": "X-Hub-Signature",
    "gmail": "Authorization",
}
