"""Put questions: the one way in for steps, jobs, runs and callers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from apps.interactions.answers import default_spec
from apps.interactions.models import (
    Interaction,
    InteractionParticipant,
    ParticipantRole,
)
from apps.interactions.notifications import mail_about
from apps.interactions.people import (
    Known,
    Person,
    accounts_of_one,
    everybody,
    shortage,
)
from apps.interactions.question import KINDS, Asker, Question
from apps.interactions.store import insert_people, participants
from apps.interactions.telling import note, tell_inboxes
from apps.kernel import tracing
from apps.kernel.ids import IdKind, new_id
from apps.source_events.catalog import Internal
from apps.source_events.services.append import Fact, append_source_events


@dataclass(slots=True)
class Asking:
    """One question on its way: who puts it, whom it reaches, what is wrong with it."""

    project_id: str
    question: Question
    asker: Asker
    id: str = field(default_factory=lambda: new_id(IdKind.INTERACTION))
    people: list[Person] = field(default_factory=list)
    barred: list[str] = field(default_factory=list)
    policy: str = ""
    problem: str = ""
    traceparent: str | None = field(default_factory=tracing.traceparent)

    def meet(self, known: Known) -> None:
        """Find the people who are asked, the rule that counts, and what is missing.

        With an escalation to come a question may begin by asking nobody.
        """
        question, asker = self.question, self.asker
        if question.exclude_initiator:
            self.barred = accounts_of_one(self.project_id, asker.initiator_id)
        self.people = everybody(known, question.targets, self.barred)
        self.policy = question.rule(self.group_policy(known))
        problem = shortage(question, self.policy, len(self.people))
        if problem and not question.escalation:
            reasons = (known.problem(target) for target in question.targets)
            because = [reason for reason in reasons if reason]
            if self.barred and not because:
                because = ["who started the run may not answer"]
            self.problem = self.problem or ": ".join([problem, *because[:1]])

        if question.reviewers is not None and not self.reviewers:
            self.problem = self.problem or "nobody can review the answer"

    @property
    def reviewers(self) -> list[str]:
        """Return who looks at the answers, each once: without any named, who puts the
        question; never who is barred."""
        if self.question.reviewers is None:
            return []
        named = self.question.reviewers or (self.asker.initiator_id,)
        kept = (one for one in named if one and one not in self.barred)
        return list(dict.fromkeys(kept))

    def group_policy(self, known: Known) -> str:
        """Return the routing policy of the group, if one group is asked."""
        if len(self.question.targets) != 1:
            return ""
        target = self.question.targets[0]
        group = known.groups.get(target.id) if target.type == "group" else None
        return group.routing_policy if group else ""

    def row(self, known: Known, now: datetime) -> Interaction:
        """Return the interaction to insert."""
        question, asker = self.question, self.asker
        target = question.targets[0]
        group = known.groups.get(target.id) if target.type == "group" else None
        routing = self.group_policy(known)
        row = Interaction(
            id=self.id,
            project_id=self.project_id,
            run_id=asker.run_id,
            task_id=asker.task_id,
            job_id=asker.job_id,
            step_name=asker.step_name,
            signal_name=asker.signal_name,
            origin=asker.origin,
            created_by=asker.created_by,
            dialect=question.dialect,
            type=question.type,
            message=question.message,
            description=question.description,
            context=question.context,
            subject=question.subject,
            references=list(question.references) if question.references else None,
            properties=question.properties,
            tags=question.tags,
            spec=dict(question.spec or default_spec(question.type)),
            target_type=target.type,
            target_id=group.id if group else target.id,
            targets=[each.as_json() for each in question.targets],
            require_all=question.require_all or self.policy == "all_of",
            routing_policy="all_members" if self.policy == "all_of" else routing,
            policy=self.policy,
            threshold=question.threshold,
            barred=self.barred or None,
            allow_delegation=question.allow_delegation,
            reminders=[each.total_seconds() for each in question.reminders] or None,
            escalation=_escalation(question) or None,
            review=_review(question),
            consumer=question.consumer,
            delivery=question.delivery,
            claimed_by="",
            expires_at=question.expires_at,
            created_at=now,
            updated_at=now,
        )
        row.review_round = 1
        note(row, "created", actor_id=asker.created_by, now=now)
        return row

    def facts(self) -> dict[str, Any]:
        """Return what the timeline says about the question."""
        question = self.question
        facts = {
            "interaction_id": self.id,
            "step": self.asker.step_name or self.asker.signal_name,
            "task_id": self.asker.task_id,
            "type": question.type,
            "protocol": KINDS.get(question.type),
            "targets": [person.principal_id for person in self.people],
            "message": question.message,
            "mode": (question.spec or {}).get("mode"),
            "resolution_policy": self.policy,
            "threshold": question.threshold,
            "expires_at": question.expires_at,
            "problem": self.problem,
        }
        return {name: fact for name, fact in facts.items() if fact not in (None, "")}


def put_questions(
    askings: Sequence[Asking], known: Mapping[str, Known], *, now: datetime
) -> list[Interaction]:
    """Insert questions with their people, timers and mails, in the caller's
    transaction; a task of a run that has asked already is left out.

    ``known`` holds, for each project, whom its questions name.
    """
    rows = [asking.row(known[asking.project_id], now) for asking in askings]
    Interaction.objects.bulk_create(rows, ignore_conflicts=True)
    stored = set(
        Interaction.objects.filter(pk__in=[row.pk for row in rows]).values_list(
            "pk", flat=True
        )
    )
    kept = [
        (asking, row)
        for asking, row in zip(askings, rows, strict=True)
        if row.pk in stored
    ]
    people: list[InteractionParticipant] = []
    for asking, row in kept:
        people += participants(row, asking.people, now=now)
        reviewers = [Person(one, "review") for one in asking.reviewers]
        role = ParticipantRole.REVIEWER
        people += participants(row, reviewers, role=role, is_open=False, now=now)
    insert_people(people)
    timers: list[Fact] = []
    for asking, row in kept:
        with tracing.within(asking.traceparent):
            asked = [person.principal_id for person in asking.people]
            mail_about(row, asked, "request", now=now)
            timers += _timers(asking.question, row)
    append_source_events(timers, now=now)
    tell_inboxes((row.id, [p.principal_id for p in a.people]) for a, row in kept)
    return [row for _, row in kept]


def _escalation(question: Question) -> list[dict[str, Any]]:
    return [
        {
            "after": each.after.total_seconds(),
            "targets": [target.as_json() for target in each.targets],
        }
        for each in question.escalation
    ]


def _review(question: Question) -> dict[str, Any] | None:
    if question.reviewers is None:
        return None
    return {"reviewer_user_ids": list(question.reviewers)}


def _timers(question: Question, row: Interaction) -> Iterable[Fact]:
    """Reminders and escalations are source events that become due."""
    moments = [("remind", after) for after in question.reminders]
    moments += [("escalate", each.after) for each in question.escalation]
    counts = {"remind": 0, "escalate": 0}
    for what, after in moments:
        yield Fact(
            row.project_id,
            Internal.INTERACTION_DUE,
            source_kind="timer",
            source_id=row.id,
            event={"interaction_id": row.id, "what": what, "number": counts[what]},
            due_at=row.created_at + after,
        )
        counts[what] += 1
