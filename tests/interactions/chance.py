"""A question under chance: people do anything at any moment, and after each act the
rows are held against what is promised."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from apps.identity.models import Principal, Project
from apps.identity.permissions import Permission
from apps.interactions.actors import Actor
from apps.interactions.models import (
    Interaction,
    InteractionParticipant,
    InteractionResponse,
)
from apps.interactions.services.cancel import cancel_interaction
from apps.interactions.services.claim import claim_interaction, release_interaction
from apps.interactions.services.delegate import delegate_interaction
from apps.interactions.services.expire import expire_overdue
from apps.interactions.services.respond import respond_to_interaction
from apps.interactions.services.review import review_interaction
from apps.kernel.errors import MobiusError
from apps.runs.services.signal import send_signal
from apps.source_events.models import SourceEvent
from tests.interactions.conftest import actor_of
from tests.interactions.scenes import lines
from tests.support.drive import dispatch_all
from tests.support.factories import make_principal, make_project
from tests.support.frozen import FrozenClock

OPEN: Final = ("pending", "in_review")
SIGNAL: Final = {"status": "by signal"}


class Cast:
    """Everybody who may act: four members, an agent of the project, and others."""

    def __init__(self, project: Project) -> None:
        self.project = project
        viewers = ("ann", "ben", "cleo")
        self.boss = make_principal(project, role="Admin", kind="human", name="boss")
        self.members = [self.boss] + [
            make_principal(project, role="Viewer", kind="human", name=name)
            for name in viewers
        ]
        robot = make_principal(project, role="Operator", name="robot")
        lame = make_principal(project, role="Worker", name="lame")
        eve = make_principal(
            make_project("globex"), role="Admin", kind="human", name="eve"
        )
        self.actors = [actor_of(who) for who in (*self.members, robot, lame, eve)]
        self.projects = [project.id] * 6 + [eve.project_id]


@dataclass(frozen=True)
class Seen:
    """All rows about a question, as they are."""

    row: dict[str, Any]
    people: list[dict[str, Any]]
    answers: list[dict[str, Any]]
    resolved: int

    def ids(self, **wanted: Any) -> set[str]:
        """The principals of those rows of people."""
        return {
            person["principal_id"]
            for person in self.people
            if all(person[name] == value for name, value in wanted.items())
        }


def see(interaction_id: str) -> Seen:
    """Read everything."""
    people = InteractionParticipant.objects.filter(interaction_id=interaction_id)
    answers = InteractionResponse.objects.filter(interaction_id=interaction_id)
    told = SourceEvent.objects.filter(
        event_type="interaction.resolved", source_id=interaction_id
    )
    return Seen(
        dict(Interaction.objects.filter(pk=interaction_id).values().get()),
        [dict(row) for row in people.order_by("id").values()],
        [dict(row) for row in answers.order_by("id").values()],
        told.count(),
    )


@dataclass
class Play:
    """One question, its cast, and everything that happens to it."""

    cast: Cast
    clock: FrozenClock
    run_id: str
    row: Interaction
    signalled: bool = False
    acts: list[str] = field(default_factory=list)

    def act(self, who: int, verb: str, whom: int, choice: bool) -> None:
        """Let somebody do something; check what it did."""
        actor, before = self.cast.actors[who], see(self.row.id)
        was_open = self._open_now(before)
        self.acts.append(f"{actor.name} {verb} {whom} {choice}")
        try:
            self._do(who, verb, self.cast.members[whom], choice)
        except MobiusError:
            after = see(self.row.id)
            assert after == before, "a refused act changes nothing"
            return
        after = see(self.row.id)
        if not was_open and verb not in ("tick", "dispatch"):
            assert after == before, "what is over is never changed again"
        self._check_answers(actor, before, after, was_open=was_open)
        check_standing(after)

    def _open_now(self, seen: Seen) -> bool:
        ends = seen.row["expires_at"]
        return seen.row["status"] in OPEN and ends > self.clock.at

    def _do(self, who: int, verb: str, other: Principal, choice: bool) -> None:
        actor, now = self.cast.actors[who], self.clock.at
        about: Any = (self.cast.projects[who], self.row.id)
        said: dict[str, Any] = {"actor": actor, "now": now}
        for_whom = other.id if choice else ""
        given = {**said, "on_behalf_of": for_whom}
        deeds: dict[str, Callable[[], object]] = {
            "yes": lambda: respond_to_interaction(*about, **given, value=True),
            "no": lambda: respond_to_interaction(*about, **given, value=False),
            "nonsense": lambda: respond_to_interaction(*about, **given, value="x"),
            "claim": lambda: claim_interaction(*about, **given),
            "release": lambda: release_interaction(*about, **said),
            "delegate": lambda: delegate_interaction(*about, **said, to=other.id),
            "accept": lambda: review_interaction(*about, **said, action="accept"),
            "again": lambda: review_interaction(
                *about, **said, action="request_changes", comment="Again."
            ),
            "cancel": lambda: cancel_interaction(*about, **said),
            "signal": lambda: self._signal(about[0]),
            "tick": lambda: self._tick(hours=1 if choice else 9),
            "dispatch": dispatch_all,
        }
        deeds[verb]()

    def _signal(self, project_id: str) -> None:
        send_signal(
            project_id, self.run_id, name="ask", payload=SIGNAL, now=self.clock.at
        )
        self.signalled = True

    def _tick(self, **amount: float) -> None:
        self.clock.at += timedelta(**amount)
        expire_overdue(now=self.clock.at)

    def _check_answers(
        self, actor: Actor, before: Seen, after: Seen, *, was_open: bool
    ) -> None:
        """An answer is of somebody who was asked at that moment, or of a service that
        may respond; nobody's answer is lost or changed."""
        assert after.answers[: len(before.answers)] == before.answers
        for new in after.answers[len(before.answers) :]:
            assert was_open
            assert before.row["status"] == "pending"
            assert before.row["claimed_by"] in ("", new["principal_id"])
            barred = before.row["barred"] or []
            assert actor.principal_id not in barred
            assert new["principal_id"] not in barred
            itself = new["principal_id"] == actor.principal_id
            asked = before.ids(role="responder", state="asked")
            if itself and not new["given_by"] and actor.principal_id in asked:
                continue
            for_others = Permission.INTERACTION_RESPOND_FOR_OTHERS
            right = for_others if actor.is_human else Permission.INTERACTION_RESPOND
            assert actor.may(right)
            first_counts = before.row["policy"] == "any_of" and not actor.is_human
            assert new["principal_id"] in asked or (itself and first_counts)

    def end(self) -> None:
        """Everything has been dispatched: one truth about the question and its run."""
        seen, row = see(self.row.id), see(self.row.id).row
        resumed = lines(self.run_id, "wait.resumed")
        over = lines(self.run_id, "wait.resumed", "wait.timed_out")
        check_standing(seen)
        assert seen.resolved == (row["status"] == "completed")
        assert len(over) == (row["status"] not in OPEN), self.acts
        if row["status"] == "completed":
            check_outcome(seen)
        for line in resumed:
            told = line["payload"]
            by_signal = told == SIGNAL
            assert not by_signal or (self.signalled and not row["barred"])
            if not by_signal:
                assert told["status"] == row["status"]
                assert told.get("value") == row["value"]


def check_standing(seen: Seen) -> None:
    """Whose turn it is follows from where the question stands."""
    row, turn = seen.row, seen.ids(is_open=True)
    assert seen.resolved == (row["status"] == "completed")
    assert (row["completed_at"] is not None) == (row["status"] == "completed")
    if row["status"] == "pending":
        asked = seen.ids(role="responder", state="asked")
        assert turn == (asked & {row["claimed_by"]} if row["claimed_by"] else asked)
        assert not seen.ids(role="reviewer", is_open=True)
    elif row["status"] == "in_review":
        assert turn == seen.ids(role="reviewer")
        assert not seen.ids(role="responder", is_open=True)
    else:
        assert turn == set()


def check_outcome(seen: Seen) -> None:
    """The outcome is what the rule makes of the answers of the round."""
    row = seen.row
    of_round = [one for one in seen.answers if one["round"] == row["review_round"]]
    values = [one["value"] for one in of_round]
    assert row["resolving_response_id"] in [one["id"] for one in of_round]
    if row["policy"] == "any_of":
        assert values == [row["value"]]
    elif row["policy"] == "all_of":
        assert row["value"] is all(values)
        assert not seen.ids(role="responder", state="asked")
    else:
        enough = values.count(True) >= row["threshold"]
        assert row["value"] is enough, (values, row["threshold"])
