"""Keys of principals that hold some roles, in a running system."""

from typing import NamedTuple

from tests.support.remote import Remote


class Holder(NamedTuple):
    """Somebody with a key: who asks with it, and the ids of both."""

    client: Remote
    principal_id: str
    key_id: str


def key_with(remote: Remote, *roles: str) -> Holder:
    """Make a key of a new principal that holds these built-in roles."""
    asked = {"name": "holder", "kind": "service", "role_names": roles}
    principal = remote.post("principals", asked).body["id"]
    wanted = {"name": "holder", "principal_id": principal}
    wanted |= {"allow_unassigned_principal": True}
    key = remote.post("api-keys", wanted).body
    client = Remote(remote.base_url, key["key"], remote.project)
    return Holder(client, principal, key["id"])
