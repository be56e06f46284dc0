"""Mails about questions: who gets one, and what it says.

A question without a delivery of kind ``email`` is in the inbox only. Addresses may be
given; without any, those who are asked get a mail at their own address. Only the
mail to somebody who is asked carries a link that answers.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.template.loader import render_to_string

from apps.deliveries.services.enqueue import NewMailDelivery, enqueue_deliveries
from apps.identity.models import Principal
from apps.interactions.links import link_url, page_url
from apps.interactions.models import Interaction

SUBJECT_MAX: Final = 120

_OCCASIONS: Final[Mapping[str, tuple[str, str]]] = {
    "request": ("", "You are asked"),
    "reminder": ("Reminder: ", "This still waits for you"),
    "escalation": ("Escalated: ", "Nobody has decided this in time; you are asked"),
    "delegated": ("Passed to you: ", "This was passed on to you"),
    "changes": ("Changes requested: ", "A reviewer asks you to answer again"),
}


def mail_about(
    interaction: Interaction,
    principal_ids: Sequence[str],
    occasion: str,
    *,
    number: int = 0,
    now: datetime,
) -> None:
    """Put mails to those who are asked into the outbox, in the caller's transaction.

    Asking a second time about one occasion and number sends nothing.
    """
    addresses = _addresses(interaction.delivery)
    if addresses is None:
        return
    people = Principal.objects.filter(
        project_id=interaction.project_id, pk__in=principal_ids, disabled=False
    ).exclude(email="")
    own = {person.email: person for person in people}
    to = addresses or list(own)
    mails = [
        _mail(interaction, address, own.get(address), occasion, number, now)
        for address in dict.fromkeys(to)
        if occasion == "request" or address in own
    ]
    enqueue_deliveries(mails, now=now)


def _addresses(delivery: Mapping[str, Any] | None) -> list[str] | None:
    """Return the addresses of a delivery; none given is an empty list, no mail None."""
    found: list[str] | None = None
    for channel in (delivery or {}).get("channels") or ():
        if channel.get("kind") == "email":
            found = (found or []) + list((channel.get("email") or {}).get("to") or ())
    return found if found is None else [each for each in found if _fits(each)]


def _fits(address: object) -> bool:
    """Templates may have made anything of an address."""
    return isinstance(address, str) and "@" in address and len(address) <= 254


def _mail(
    interaction: Interaction,
    address: str,
    person: Principal | None,
    occasion: str,
    number: int,
    now: datetime,
) -> NewMailDelivery:
    prefix, opening = _OCCASIONS[occasion]
    # A round of its own: answers may be asked for again.
    key = f"{interaction.id}:{occasion}:{number}:{interaction.review_round}"
    facts = {
        "interaction": interaction,
        "opening": opening,
        "name": person.name if person else "",
        "link": link_url(interaction, person.id, now=now) if person else "",
        "page": page_url(interaction),
    }
    title = " ".join(f"{prefix}{interaction.message}".split())
    return NewMailDelivery(
        project_id=interaction.project_id,
        purpose=f"interaction.{occasion}",
        subject_id=interaction.id,
        run_id=interaction.run_id,
        to=[address],
        subject=title if len(title) <= SUBJECT_MAX else title[: SUBJECT_MAX - 1] + "…",
        text=render_to_string("interactions/mail.txt", facts),
        html=render_to_string("interactions/mail.html", facts),
        dedup_key=key,
    )
