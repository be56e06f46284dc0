"""``interactions``: what people are asked, and answering it."""

from typing import Any, Final

import click

from mobius.cli.failures import UsageFailure
from mobius.cli.inputs import PAIR, read_object, read_pairs, read_value
from mobius.cli.lists import Paging, page_options, paged, query_of
from mobius.cli.shell import Group, Session, with_session
from mobius.cli.tables import columns, status_text

_COLUMNS: Final = columns(
    "id:id",
    "question=message|title",
    "status=status:status",
    "run=run_id",
    "asked=created_at:ago",
    "until=expires_at:ago",
)
_STATUSES: Final = ("pending", "in_review", "completed", "expired", "cancelled")
INTERACTION = click.argument("interaction", metavar="ID")


@click.group(cls=Group)
def interactions() -> None:
    """Questions to people: list them, read them, answer them."""


@interactions.command(
    "list",
    examples=(
        "mobius interactions list --status pending",
        "mobius interactions list --run run_01… -o json",
        "mobius interactions list --mine",
    ),
)
@click.option("--status", type=click.Choice(_STATUSES))
@click.option("--run", "run_id", help="of this run")
@click.option("--mine", is_flag=True, help="only what asks the key's principal")
@click.option("--tag", help="key or key:value")
@page_options
@with_session
def list_interactions(
    session: Session,
    status: str | None,
    run_id: str | None,
    mine: bool,
    tag: str | None,
    paging: Paging,
) -> None:
    """List questions, newest first."""
    query = query_of(
        status=status, run_id=run_id, tag=tag, inbox="true" if mine else None
    )
    items, whole = paged(session, "interactions", query, paging)
    session.out.table(items, _COLUMNS, page=whole, empty="no questions")


@interactions.command("get", examples=("mobius interactions get iact_01…",))
@INTERACTION
@with_session
def get(session: Session, interaction: str) -> None:
    """Show a question, whom it asks, and its answers."""
    session.out.document(session.client.interactions.get(interaction))


@interactions.command(
    "respond",
    examples=(
        "mobius interactions respond iact_01… --value true --comment 'looks good'",
        "mobius interactions respond iact_01… --field amount:=12 --field note=paid",
        "mobius interactions respond iact_01… --value blue --for prin_01…",
        "mobius interactions respond iact_01… --form answers.yaml",
    ),
)
@INTERACTION
@click.option("--value", metavar="JSON", help="any JSON, or text")
@click.option("--field", "pairs", multiple=True, metavar=PAIR, help="of a form")
@click.option("--form", metavar="FILE", help="a form's answers, - is stdin")
@click.option("--comment", help="shown beside the answer")
@click.option("--for", "person", metavar="ID", help="answer in this person's place")
@with_session
def respond(
    session: Session,
    interaction: str,
    value: str | None,
    pairs: tuple[str, ...],
    form: str | None,
    comment: str | None,
    person: str | None,
) -> None:
    """Answer a question, as who is asked or, if the key may, in their place."""
    given = [value is not None, bool(pairs), form is not None]
    if sum(given) != 1:
        raise UsageFailure("expected one of --value, --field and --form")
    answer: Any = read_value(value) if value is not None else None
    if pairs:
        answer = read_pairs(pairs, "--field")
    elif form is not None:
        answer = read_object(form)
    answered = session.client.interactions.respond(
        interaction, answer, comment=comment, on_behalf_of=person
    )
    status = status_text(answered["status"])
    session.out.done(answered, f"[bold]{interaction}[/bold] {status}")
