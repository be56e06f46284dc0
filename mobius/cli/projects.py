"""Which project a key is for, where nobody has said it."""

from dataclasses import replace

from mobius.cli.connection import Connection
from mobius.cli.failures import AUTH, Failure


def with_project(connection: Connection) -> Connection:
    """The connection with its project: as named, as in the key, or the only one that
    the key sees.

    Raises:
        Failure: it sees several or none.
        MobiusError: the server refuses the key.
    """
    if connection.project:
        return connection
    from mobius.sdk import Client

    with Client(connection.base_url, connection.api_key) as client:
        if client.project:
            return replace(connection, project=client.project)
        handles = [str(one["handle"]) for one in client.pages("/v1/projects")]
    if len(handles) != 1:
        known = ", ".join(handles) or "none"
        raise Failure(
            f"which project? The key is good and sees {known}",
            code="project_needed",
            hint="name one with --project HANDLE, or in MOBIUS_PROJECT",
            exit_code=AUTH,
        )
    return replace(connection, project=handles[0])
