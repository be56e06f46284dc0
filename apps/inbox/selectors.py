"""Reading the inbox. Every query starts from the principals of the account."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from django.db import connection
from django.db.models import Q

from apps.api.pagination import decode_cursor, encode_cursor
from apps.identity.models import Principal, PrincipalKind
from apps.interactions.inbox_queries import answered_by, open_for
from apps.interactions.models import (
    Interaction,
    InteractionParticipant,
    InteractionResponse,
)
from apps.kernel.errors import Invalid
from apps.run_events.models import RunEvent

PAGE_SIZE: Final = 25
MEMBERS_MAX: Final = 500
LINES_MAX: Final = 10
LINES_READ: Final = 30
#: Lines that come with another one that says the same to people.
_SAID_TWICE: Final = ("step.suspended", "step.resumed", "wait.opened")

_PRINTS = """
SELECT p.principal_id, count(*), max(p.interaction_id)
FROM interactions_interactionparticipant p
WHERE p.is_open AND p.principal_id = ANY(%s) GROUP BY p.principal_id
"""


class AnsweredPage(NamedTuple):
    """Answers given, latest first, each with its question."""

    answers: list[tuple[InteractionResponse, Interaction]]
    next_cursor: str


@dataclass(frozen=True, slots=True)
class Face:
    """Somebody who is or was asked, as others see them."""

    principal_id: str
    name: str
    role: str
    state: str
    is_open: bool


def open_page(
    principal_ids: Sequence[str], *, cursor: str = "", now: datetime
) -> tuple[list[Interaction], str]:
    """Return a page of the questions that wait for one of these principals, newest
    first, and the cursor of the next page.

    Raises:
        Invalid: the cursor is none of ours.
    """
    before = _texts(cursor, 1)[0] if cursor else ""
    rows = open_for(principal_ids, now=now, before=before, limit=PAGE_SIZE + 1)
    following = encode_cursor(rows[PAGE_SIZE - 1].id) if len(rows) > PAGE_SIZE else ""
    return rows[:PAGE_SIZE], following


def next_open(
    principal_ids: Sequence[str], *, other_than: str, now: datetime
) -> Interaction | None:
    """Return the newest question that waits, apart from one."""
    rows = open_for(principal_ids, now=now, limit=2)
    return next((row for row in rows if row.id != other_than), None)


def answered_page(principal_ids: Sequence[str], *, cursor: str = "") -> AnsweredPage:
    """Return a page of the answers that these principals gave.

    Raises:
        Invalid: the cursor is none of ours.
    """
    rows = answered_by(principal_ids)
    if cursor:
        at, last_id = _texts(cursor, 2)
        moment = _moment(at)
        same = Q(responded_at=moment, pk__lt=last_id)
        rows = rows.filter(Q(responded_at__lt=moment) | same)
    found = list(rows[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    questions = Interaction.objects.in_bulk([row.interaction_id for row in shown])
    following = ""
    if len(found) > PAGE_SIZE:
        following = encode_cursor(shown[-1].responded_at, shown[-1].pk)
    return AnsweredPage(
        [
            (row, questions[row.interaction_id])
            for row in shown
            if row.interaction_id in questions
        ],
        following,
    )


def faces_of(interactions: Sequence[Interaction]) -> dict[str, list[Face]]:
    """Return who takes part, with names, question by question."""
    rows = list(
        InteractionParticipant.objects.filter(
            interaction_id__in=[row.id for row in interactions]
        ).order_by("id")
    )
    names = names_of({row.principal_id for row in rows})
    found: dict[str, list[Face]] = {row.id: [] for row in interactions}
    for row in rows:
        face = Face(
            row.principal_id,
            names.get(row.principal_id, row.principal_id),
            row.role,
            row.state,
            row.is_open,
        )
        found[row.interaction_id].append(face)
    return found


def names_of(principal_ids: Collection[str]) -> Mapping[str, str]:
    """Return the names of those principals that exist."""
    rows = Principal.objects.filter(pk__in=[each for each in principal_ids if each])
    return dict(rows.values_list("id", "name"))


def members_of(project_id: str, *, apart_from: Collection[str]) -> list[Principal]:
    """Return the members of a project to whom something can be passed on."""
    rows = Principal.objects.filter(
        project_id=project_id, kind=PrincipalKind.HUMAN, disabled=False
    ).exclude(pk__in=list(apart_from))
    return list(rows.order_by("name")[:MEMBERS_MAX])


def run_lines(run_id: str) -> list[RunEvent]:
    """Return the latest lines of a run's timeline, in their order."""
    rows = RunEvent.objects.filter(run_id=run_id).order_by("-seq")[:LINES_READ]
    told = [row for row in rows if row.from_worker or row.type not in _SAID_TWICE]
    return told[:LINES_MAX][::-1]


def prints_of(principal_ids: Sequence[str]) -> dict[str, str]:
    """Return for each principal a word that changes when its turns come or go."""
    with connection.cursor() as cursor:
        cursor.execute(_PRINTS, [list(principal_ids)])
        return {row[0]: f"{row[1]}:{row[2]}" for row in cursor.fetchall()}


def _texts(cursor: str, size: int) -> list[str]:
    parts = decode_cursor(cursor, size)
    if not all(isinstance(part, str) and "\x00" not in part for part in parts):
        raise Invalid("cursor: expected the address of an older page")
    return parts


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Invalid("cursor: expected the address of an older page")
    return moment
