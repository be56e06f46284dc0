"""A question as one of those who are asked sees it: everything for its page."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from apps.identity.models import Principal
from apps.inbox.contents import (
    Reference,
    Row,
    answer_in_words,
    references_of,
    row_of,
    rows_of,
)
from apps.inbox.selectors import names_of, run_lines
from apps.inbox.words import RUN_STATUS_WORDS, STATUS_WORDS, TYPE_WORDS, line_in_words
from apps.interactions.answers import mode_of
from apps.interactions.inbox_queries import PersonSeen, people_of, rule_in_words
from apps.interactions.models import (
    Interaction,
    InteractionStatus,
    ParticipantRole,
    ParticipantState,
)
from apps.kernel.errors import NotFound, PermissionDenied
from apps.runs.models import Run
from apps.runs.selectors import find_run

SOON: Final = timedelta(hours=1)
#: So many people are named; the rest is a number.
PEOPLE_SHOWN_MAX: Final = 50

#: Where the viewer stands.
ANSWER: Final = "answer"
REVIEW: Final = "review"
CLAIMED: Final = "claimed"
WAITING: Final = "waiting"
PASSED_ON: Final = "passed_on"
OVER: Final = "over"

_STATE_WORDS: Final[Mapping[str, str]] = {
    "asked": "has not answered yet",
    "answered": "answered",
    "delegated": "passed it on",
    "relieved": "is not asked any more",
}


@dataclass(frozen=True, slots=True)
class PersonLine:
    """Somebody with a part in the question, and what they said."""

    name: str
    is_viewer: bool
    is_reviewer: bool
    words: str
    answer: Row | None = None
    comment: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RunSituation:
    """The run that asks: how it stands and what happened last."""

    run: Run
    status_words: str
    started_by: str
    inputs: list[Row]
    lines: list[tuple[datetime, str]]


@dataclass(slots=True)
class QuestionPage:
    """What the page of a question shows to ``me``."""

    interaction: Interaction
    me: Principal
    part: PersonSeen
    standing: str
    status: InteractionStatus
    status_words: str
    type_words: str
    mode: str
    rule: str
    asked_by: str
    people: list[PersonLine]
    more_people: int
    names: Mapping[str, str]
    run: RunSituation | None = None
    context: list[Row] = field(default_factory=list)
    subject: list[Row] = field(default_factory=list)
    properties: list[Row] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    outcome: Row | None = None
    #: There is not much time left.
    is_soon: bool = False

    @property
    def version(self) -> str:
        """Return a word that changes when the question does."""
        return f"{self.interaction.updated_at.timestamp():.6f}:{self.status.value}"

    @property
    def is_wide(self) -> bool:
        """Say whether the form needs the wide column, or has it for itself."""
        return self.mode == "form" or not (self.has_reading or self.run)

    @property
    def has_reading(self) -> bool:
        """Say whether something stands between the question and its form."""
        brought = (self.context, self.subject, self.properties, self.references)
        return any(brought)

    @property
    def claimed_by_me(self) -> bool:
        """Say whether the viewer has taken the question on."""
        return self.interaction.claimed_by == self.me.id

    @property
    def may_claim(self) -> bool:
        """Say whether the viewer may take it on for the group."""
        row = self.interaction
        alone = len([p for p in self.people if not p.is_reviewer]) == 1
        return (
            self.standing == ANSWER and row.asks_group and not row.claimed_by
        ) and not alone

    @property
    def may_delegate(self) -> bool:
        """Say whether the viewer may pass it on."""
        return self.standing == ANSWER and self.interaction.allow_delegation

    @property
    def decided_by(self) -> str:
        """Return the name of who gave the answer that decided."""
        by = self.interaction.responder_id
        return self.names.get(by, by)

    @property
    def claimer(self) -> str:
        """Return the name of who has taken it on."""
        by = self.interaction.claimed_by
        return self.names.get(by, by)


def open_question(
    interaction: Interaction, principals: Mapping[str, Principal], *, now: datetime
) -> QuestionPage:
    """Return the page of a question for an account that takes part in it.

    Raises:
        PermissionDenied: none of these principals has or had a part in it.
        NotFound: nor are they in its project: it does not exist for them.
    """
    people = people_of(interaction)
    mine = [person for person in people if person.principal_id in principals]
    if not mine:
        projects = {principal.project_id for principal in principals.values()}
        if interaction.project_id in projects:
            raise PermissionDenied("this request asks somebody else")
        raise NotFound("there is no such request")
    part = min(mine, key=lambda p: (not p.is_open, p.state != ParticipantState.ASKED))
    status = interaction.status_at(now)
    mode = mode_of(interaction.spec, interaction.type).value
    names = names_of(
        {interaction.created_by, interaction.claimed_by, interaction.responder_id}
    )
    is_over = status not in (InteractionStatus.PENDING, InteractionStatus.IN_REVIEW)
    page = QuestionPage(
        interaction=interaction,
        me=principals[part.principal_id],
        part=part,
        standing=OVER if is_over else _standing(interaction, part, status),
        status=status,
        status_words=STATUS_WORDS[status.value],
        type_words=TYPE_WORDS.get(interaction.type, interaction.type.capitalize()),
        mode=mode,
        rule=rule_in_words(interaction, people),
        asked_by=names.get(interaction.created_by, ""),
        people=_lines(interaction, people[:PEOPLE_SHOWN_MAX], principals, mode),
        more_people=max(len(people) - PEOPLE_SHOWN_MAX, 0),
        names=names,
        run=_situation(interaction),
        context=rows_of(interaction.context),
        subject=rows_of(interaction.subject),
        properties=rows_of(interaction.properties),
        references=references_of(interaction.references),
        is_soon=not is_over and ends_soon(interaction, now),
    )
    if status is InteractionStatus.COMPLETED:
        page.outcome = answer_row(interaction.value, interaction, mode)
    return page


def ends_soon(interaction: Interaction, now: datetime) -> bool:
    """Say whether not much time is left for an answer."""
    ends = interaction.expires_at
    return ends is not None and ends - now < SOON


def _standing(
    interaction: Interaction, part: PersonSeen, status: InteractionStatus
) -> str:
    if part.role == ParticipantRole.REVIEWER:
        reviews = status is InteractionStatus.IN_REVIEW and part.is_open
        return REVIEW if reviews else WAITING
    if part.state == ParticipantState.DELEGATED:
        return PASSED_ON
    if status is InteractionStatus.PENDING and part.state == ParticipantState.ASKED:
        other = interaction.claimed_by not in ("", part.principal_id)
        return CLAIMED if other else ANSWER
    return WAITING


def answer_row(value: Any, interaction: Interaction, mode: str) -> Row:
    """Return an answer for a page: as its options call it, or as JSON."""
    if mode == "form":
        return row_of("", value)
    return row_of("", answer_in_words(value, interaction.spec, mode))


def _lines(
    interaction: Interaction,
    people: Sequence[PersonSeen],
    viewer: Collection[str],
    mode: str,
) -> list[PersonLine]:
    lines = []
    for person in people:
        is_reviewer = person.role == ParticipantRole.REVIEWER
        words = "looks at the answers" if is_reviewer else _STATE_WORDS[person.state]
        if person.principal_id == interaction.claimed_by and not is_reviewer:
            words = "has taken it on"
        said = person.answer
        lines.append(
            PersonLine(
                name=person.name,
                is_viewer=person.principal_id in viewer,
                is_reviewer=is_reviewer,
                words=words,
                answer=answer_row(said.value, interaction, mode) if said else None,
                comment=said.comment if said else "",
                at=said.responded_at if said else None,
            )
        )
    return lines


def _situation(interaction: Interaction) -> RunSituation | None:
    if not interaction.run_id:
        return None
    try:
        run = find_run(interaction.project_id, interaction.run_id)
    except NotFound:  # retention took it, or the question names a run of elsewhere
        return None
    starter = names_of({run.actor_id}).get(run.actor_id, "")
    return RunSituation(
        run=run,
        status_words=RUN_STATUS_WORDS.get(run.status, run.status),
        started_by=starter or run.initiated_by,
        inputs=rows_of(run.inputs),
        lines=[
            (line.created_at, line_in_words(line.type, line.payload, line.from_worker))
            for line in run_lines(run.id)
        ],
    )
