"""What tests of custom actions begin with."""

import base64
from typing import Any

from tests.deliveries.receiver import Receiver
from tests.support.api import Api


def make_action(api: Api, name: str = "charge", **fields: Any) -> dict[str, Any]:
    """Create an action and return it, with its key."""
    url = fields.pop("url", "https://example.com/do")
    if fields.get("endpoint_kind") != "worker":
        fields["endpoint_url"] = url
    answer = api.post("actions", {"name": name, **fields})
    assert answer.status_code == 201, answer.json()
    made: dict[str, Any] = answer.json()
    return made


def signed(receiver: Receiver, secret: str) -> bool:
    """Whether everything that came is signed with this key."""
    key = base64.b64decode(secret)
    return bool(receiver.received) and all(
        one.is_signed_with(key) for one in receiver.received
    )
