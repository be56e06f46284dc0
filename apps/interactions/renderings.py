"""Interactions as the API shows them: each in the words in which it was asked."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from apps.api.rendering import instant, present
from apps.interactions.answers import default_spec
from apps.interactions.models import (
    Dialect,
    Interaction,
    InteractionParticipant,
    InteractionResponse,
    ParticipantRole,
)
from apps.interactions.question import KINDS

#: A step says user where the API says member.
_ACTOR_TYPES: Final[Mapping[str, str]] = {"user": "member"}
#: What strict clients of the newer words know of a question's record.
_LOOP_ACTIONS: Final = frozenset(
    {"created", "submitted_for_review", "accepted", "changes_requested", "resolved"}
    | {"cancelled", "expired"}
)


class Renderer:
    """Shows interactions with their people and answers, read in two queries."""

    def __init__(self, rows: Sequence[Interaction], *, now: datetime) -> None:
        self.now = now
        ids = [row.id for row in rows]
        self.people: dict[str, list[InteractionParticipant]] = {id_: [] for id_ in ids}
        self.answers: dict[str, list[InteractionResponse]] = {id_: [] for id_ in ids}
        if ids:
            asked = InteractionParticipant.objects.filter(interaction_id__in=ids)
            for person in asked.order_by("id"):
                self.people[person.interaction_id].append(person)
            given = InteractionResponse.objects.filter(interaction_id__in=ids)
            for answer in given.order_by("responded_at", "id"):
                self.answers[answer.interaction_id].append(answer)

    def render(self, row: Interaction) -> dict[str, Any]:
        """Return one interaction in its own words."""
        if row.dialect == Dialect.LOOP:
            return self._loop(row)
        return self._workflow(row)

    def _workflow(self, row: Interaction) -> dict[str, Any]:
        type_ = _ACTOR_TYPES.get(row.target_type, row.target_type)
        asks_group = row.target_type == "group"
        answered = row.completed_at is not None
        responder = _responder(row)
        return present(
            **self._shared(row),
            type=row.type,
            message=row.message,
            step_name=row.step_name or None,
            job_id=row.job_id or None,
            target={"type": row.target_type, "id": row.target_id},
            target_actor={"type": type_, "id": row.target_id},
            targets=row.targets if row.targets and len(row.targets) > 1 else None,
            target_group_id=row.target_id if asks_group else None,
            target_member_snapshot=self._snapshot(row) if asks_group else None,
            routing_policy_snapshot=row.routing_policy or None,
            claimed_by=row.claimed_by or None,
            claimed_at=instant(row.claimed_at),
            participants=self._participants(row),
            partial_responses=self._partial(row) or None,
            responder_actor=responder if answered else None,
            response=_outcome(row) if answered else None,
            exclude_initiator=True if row.barred else None,
            allow_delegation=row.allow_delegation or None,
            reminders=row.reminders,
            escalation=row.escalation,
            review=row.review,
            responses=[_response(one) for one in self.answers[row.id]] or None,
        )

    def _loop(self, row: Interaction) -> dict[str, Any]:
        """Return the newer words; their clients refuse fields they do not know."""
        answered = row.completed_at is not None
        policy: dict[str, Any] = {"type": row.policy}
        if row.threshold is not None:
            policy["threshold"] = row.threshold
        if row.review is not None:
            policy["review"] = row.review
        reviewed = row.reviewer_id or None
        return {**self._shared(row), "resolution_policy": policy} | present(
            kind=KINDS[row.type],
            title=row.message,
            target_user_ids=self._snapshot(row),
            responses=[_strict_response(one) for one in self.answers[row.id]],
            responder={"user_id": row.responder_id} if answered else None,
            outcome=row.value if answered else None,
            review_round=row.review_round if row.review is not None else None,
            submitted_at=instant(row.submitted_at),
            review_feedback=row.review_feedback or None,
            reviewer={"user_id": reviewed} if reviewed else None,
            lifecycle=[
                line for line in row.lifecycle or () if line["action"] in _LOOP_ACTIONS
            ],
        )

    def _shared(self, row: Interaction) -> dict[str, Any]:
        return present(
            id=row.id,
            run_id=row.run_id or None,
            signal_name=row.signal_name or None,
            created_by=row.created_by or None,
            status=row.status_at(self.now).value,
            description=row.description or None,
            subject=row.subject,
            references=row.references,
            context=row.context,
            tags=row.tags,
            properties=row.properties,
            spec=row.spec or default_spec(row.type),
            require_all=row.require_all,
            resolution_policy=_policy(row),
            consumer=row.consumer,
            delivery=row.delivery,
            resolved_by=row.resolved_by or None,
            resolving_response_id=row.resolving_response_id or None,
            cancel_reason=row.cancel_reason or None,
            expires_at=instant(row.expires_at),
            completed_at=instant(row.completed_at),
            created_at=instant(row.created_at),
            updated_at=instant(row.updated_at),
        )

    def _responders(self, row: Interaction) -> list[InteractionParticipant]:
        role = ParticipantRole.RESPONDER
        return [person for person in self.people[row.id] if person.role == role]

    def _snapshot(self, row: Interaction) -> list[str]:
        """Return who was asked first; an older version wrote down the target only."""
        first = [p.principal_id for p in self._responders(row) if p.via == "target"]
        return first or ([] if row.target_type == "group" else [row.target_id])

    def _participants(self, row: Interaction) -> list[dict[str, Any]] | None:
        if not self.people[row.id]:
            return None
        return [
            {
                "user_id": person.principal_id,
                "role": person.role,
                "state": person.state,
                "via": person.via,
            }
            for person in self.people[row.id]
        ]

    def _partial(self, row: Interaction) -> list[dict[str, Any]]:
        """Return the answers of the round, where one alone does not decide."""
        if row.policy == "any_of" and row.review is None:
            return []
        return [
            present(
                user_id=answer.principal_id,
                value=answer.value,
                comment=answer.comment or None,
                responded_at=instant(answer.responded_at),
            )
            for answer in self.answers[row.id]
            if answer.round == row.review_round
        ]


def render_interaction(interaction: Interaction, *, now: datetime) -> dict[str, Any]:
    """Return one question, with its answer if there is one."""
    return Renderer([interaction], now=now).render(interaction)


def _policy(row: Interaction) -> dict[str, Any]:
    return {"type": row.policy, **present(threshold=row.threshold)}


def _responder(row: Interaction) -> dict[str, str]:
    """Return who answered; an older version did not write down of what type."""
    own = "member" if row.responder_id == row.target_id else "agent"
    return {"type": row.responder_type or own, "id": row.responder_id}


def _outcome(row: Interaction) -> dict[str, Any]:
    return {
        "value": row.value,
        **present(comment=row.comment or None),
        "at": instant(row.completed_at),
    }


def _response(answer: InteractionResponse) -> dict[str, Any]:
    """Return one answer with the way it came in."""
    return present(
        id=answer.id,
        user_id=answer.principal_id,
        given_by=answer.given_by or None,
        value=answer.value,
        comment=answer.comment or None,
        round=answer.round,
        channel=answer.channel,
        responded_at=instant(answer.responded_at),
    )


def _strict_response(answer: InteractionResponse) -> dict[str, Any]:
    at = instant(answer.responded_at)
    return {
        "id": answer.id,
        "interaction_id": answer.interaction_id,
        "response_kind": "response",
        "state": "submitted",
        "responder_user_id": answer.principal_id,
        "value": answer.value,
        **present(comment=answer.comment or None),
        "responded_at": at,
        "attempt": answer.round,
        "created_at": at,
        "updated_at": at,
    }
