"""Lists of the API: filters, pages, and following their cursors."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

import click

from mobius.cli.failures import Failure
from mobius.cli.shell import Session

PAGE_MAX: Final = 200


@dataclass(frozen=True)
class Paging:
    """Which part of a list is wanted."""

    limit: int
    cursor: str | None
    everything: bool


def page_options(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command ``--limit``, ``--cursor`` and ``--all``, as ``paging``."""

    @click.option(
        "--limit",
        type=click.IntRange(1, PAGE_MAX),
        default=50,
        show_default=True,
        help="items of a page",
    )
    @click.option("--cursor", help="go on where the page before ended")
    @click.option("--all", "everything", is_flag=True, help="follow every cursor")
    @wraps(function)
    def run(
        *args: Any, limit: int, cursor: str | None, everything: bool, **named: Any
    ) -> None:
        function(*args, paging=Paging(limit, cursor, everything), **named)

    return run


def query_of(**filters: Any) -> dict[str, Any]:
    """The filters that were given."""
    return {n: value for n, value in filters.items() if value not in (None, "", ())}


def paged(
    session: Session, path: str, query: Mapping[str, Any], paging: Paging
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The items of a list and the page they came on; with ``--all`` every item.

    Raises:
        Failure: the answer is no list.
    """
    if paging.everything:
        asked = {**query, "limit": PAGE_MAX, "cursor": paging.cursor}
        items = list(session.client.pages(path, asked))
        return items, {"items": items, "has_more": False}
    wanted = {**query, "limit": paging.limit, "cursor": paging.cursor}
    page = session.client.request("GET", path, query=wanted)
    if not isinstance(page, dict) or not isinstance(page.get("items"), list):
        raise Failure(f"{path} answered with something else than a list")
    return page["items"], page
