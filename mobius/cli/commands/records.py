"""``keys`` and ``audit``: who may do what, and who changed what."""

from typing import Final

import click
from rich.markup import escape

from mobius.cli.lists import Paging, page_options, paged, query_of
from mobius.cli.shell import Group, Session, with_session
from mobius.cli.tables import columns

_KEYS: Final = columns(
    "id:id",
    "name",
    "key=key_prefix",
    "principal=principal_id",
    "state=state:status",
    "used=last_used_at:ago",
    "expires=expires_at:ago",
    "created=created_at:ago",
)
_RECORDS: Final = columns(
    "number:id",
    "when=created_at:ago",
    "who=actor_name|actor_type",
    "action",
    "type=resource_type",
    "what=resource_name|resource_id",
    "from=ip_address|source",
)


@click.group(cls=Group)
def keys() -> None:
    """API keys of the project."""


@keys.command("list", examples=("mobius keys list --revoked",))
@click.option("--revoked", is_flag=True, help="those that are revoked too")
@page_options
@with_session
def list_keys(session: Session, revoked: bool, paging: Paging) -> None:
    """List keys, newest first, without their secrets."""
    query = query_of(include_revoked="true" if revoked else None)
    items, whole = paged(session, "api-keys", query, paging)
    session.out.table(items, _KEYS, page=whole, empty="no keys")


@keys.command(
    "create",
    examples=("mobius keys create ci --principal prin_01…",),
)
@click.argument("name")
@click.option("--principal", required=True, metavar="ID", help="who it stands for")
@click.option("--expires", metavar="TIME", help="when it ends")
@with_session
def create(session: Session, name: str, principal: str, expires: str | None) -> None:
    """Make a key. It is printed once, on standard output."""
    body = query_of(name=name, principal_id=principal, expires_at=expires)
    made = session.client.request("POST", "api-keys", body=body)
    session.out.document(
        made,
        [
            f"Key [bold]{made['id']}[/bold], shown this once:",
            escape(str(made["key"])),
        ],
    )


@keys.command("revoke", examples=("mobius keys revoke key_01…",))
@click.argument("key", metavar="ID")
@with_session
def revoke(session: Session, key: str) -> None:
    """Revoke a key; it opens nothing from now on."""
    from mobius.sdk.configuration import part

    session.client.request("DELETE", f"api-keys/{part(key, 'ID')}")
    session.out.done({"revoked": key}, f"[bold]{escape(key)}[/bold] is revoked.")


@click.group(cls=Group)
def audit() -> None:
    """The log of who changed what."""


@audit.command(
    "list",
    examples=(
        "mobius audit list --type workflow",
        "mobius audit list --action delete --after 2026-11-01T00:00:00Z --all",
    ),
)
@click.option("--type", "resource_type", help="workflow, webhook, api_key, …")
@click.option("--resource", "resource_id", metavar="ID", help="one thing's history")
@click.option("--action", help="create, update, delete, archive or restore")
@click.option("--who", "user_id", metavar="ID", help="what this principal did")
@click.option("--after", "created_after", metavar="TIME")
@click.option("--before", "created_before", metavar="TIME")
@click.option("--organization", is_flag=True, help="of all projects the key may see")
@page_options
@with_session
def list_records(
    session: Session,
    organization: bool,
    paging: Paging,
    **filters: str | None,
) -> None:
    """List changes, newest first."""
    path = "/v1/audit-logs" if organization else "audit-logs"
    items, page = paged(
        session,
        path,
        query_of(**filters),
        paging,
    )
    session.out.table(items, _RECORDS, page=page, empty="no changes")
