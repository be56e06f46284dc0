"""Members who act at the same moment, and what has to hold afterwards."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from apps.identity.models import Project
from apps.interactions.actors import Actor
from apps.interactions.models import (
    Interaction,
    InteractionParticipant,
)
from apps.interactions.services.respond import respond_to_interaction
from apps.jobs.models import Job
from apps.kernel import clock
from apps.kernel.errors import MobiusError
from apps.source_events.models import SourceEvent
from tests.interactions.conftest import actor_of
from tests.interactions.scenes import (
    lines,
    people,
)
from tests.support.drive import dispatch_all

Question = dict[str, Any]
Act = Callable[[], Any]


class Crew:
    """Three members and how they act; the one who starts runs is ``api``'s."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.members = people(project, "ann", "ben", "cleo")
        self.actors = [actor_of(member) for member in self.members]

    @property
    def ids(self) -> list[str]:
        """Their ids."""
        return [member.id for member in self.members]

    def answers(
        self,
        who: int,
        question: Question,
        value: Any = True,
        now: datetime | None = None,
    ) -> Act:
        """The act of answering, as of ``now`` if given."""
        return lambda: respond_to_interaction(
            self.project.id,
            question["id"],
            actor=self.actors[who],
            value=value,
            now=now or clock.now(),
        )

    def does(
        self, verb: Callable[..., Any], who: int, question: Question, **more: Any
    ) -> Act:
        """The act of doing something else to a question."""
        actor: Actor = self.actors[who]
        return lambda: verb(
            self.project.id, question["id"], actor=actor, now=clock.now(), **more
        )


def won(outcomes: list[Any]) -> list[Interaction]:
    """What went through; the rest was refused in words, nothing broke."""
    for found in outcomes:
        assert not isinstance(found, Exception) or isinstance(found, MobiusError), found
    return [found for found in outcomes if isinstance(found, Interaction)]


def standing(question: Question) -> Interaction:
    """The row as it is; nobody's turn is left once it is over, and one event tells of
    an answer."""
    row = Interaction.objects.get(pk=question["id"])
    turns = InteractionParticipant.objects.filter(interaction_id=row.id, is_open=True)
    told = SourceEvent.objects.filter(
        event_type="interaction.resolved", source_id=row.id
    )
    assert told.count() == (row.status == "completed")
    assert turns.exists() == (row.status in ("pending", "in_review"))
    return row


def resumed(run_id: str) -> Any:
    """What the run was resumed with: exactly once, and one job came of it."""
    dispatch_all()
    (line,) = lines(run_id, "wait.resumed", "wait.timed_out")
    assert Job.objects.filter(run_id=run_id, step_name="use").count() == 1
    return line["payload"]
