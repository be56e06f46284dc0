"""Withdraw questions: by hand, or because no run waits for them any more."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from apps.identity.permissions import Permission
from apps.interactions.actors import Actor
from apps.interactions.models import Interaction, InteractionStatus
from apps.interactions.models.interaction import OPEN
from apps.interactions.selectors import find_interaction
from apps.interactions.services.finish import callback_facts
from apps.interactions.store import close_people
from apps.interactions.telling import note, tell_inboxes, tell_timeline
from apps.kernel.errors import Conflict
from apps.source_events.catalog import Internal
from apps.source_events.services.append import Fact, append_source_events


@transaction.atomic
def cancel_interaction(
    project_id: str,
    interaction_id: str,
    *,
    actor: Actor,
    reason: str = "",
    now: datetime,
) -> Interaction:
    """Withdraw a pending question. The step that waits for it goes on with
    ``{status: cancelled, reason}`` as its output.

    Raises:
        NotFound: the project has no such interaction.
        PermissionDenied: the actor did not ask it and does not manage interactions.
        Conflict: it is over.
    """
    interaction = find_interaction(project_id, interaction_id, for_update=True)
    if not _asked_it(actor, interaction):
        actor.require(Permission.INTERACTION_MANAGE)
    status = interaction.status_at(now)
    if status not in OPEN:
        raise Conflict(
            f"interaction {interaction.id} is {status.value}, not pending",
            status=status.value,
        )
    interaction.status = InteractionStatus.CANCELLED
    interaction.cancel_reason = reason
    interaction.updated_at = now
    note(interaction, "cancelled", actor_id=actor.principal_id, comment=reason, now=now)
    interaction.save()
    changed = close_people([interaction.id])
    facts = callback_facts([interaction])
    if interaction.run_id:
        facts.append(_cancelled(interaction))
    append_source_events(facts, now=now)
    tell_timeline(
        interaction,
        "interaction.cancelled",
        now=now,
        reason=reason,
        cancelled_by=actor.principal_id,
    )
    tell_inboxes(changed)
    return interaction


def cancel_interactions(
    run_ids: Sequence[str],
    *,
    tasks: Sequence[tuple[str, int]] = (),
    now: datetime,
) -> None:
    """Cancel what is open of whole runs and of single tasks ``(run_id, task_id)``.

    Runs in the caller's transaction, which holds the locks of the runs. Answered and
    expired interactions stay as they are.
    """
    wanted = Q(run_id__in=list(run_ids)) if run_ids else Q()
    for run_id, task_id in tasks:
        wanted |= Q(run_id=run_id, task_id=task_id)
    if wanted:
        end_interactions(wanted, InteractionStatus.CANCELLED, now=now)


@transaction.atomic(savepoint=False)
def end_interactions(wanted: Q, status: InteractionStatus, *, now: datetime) -> int:
    """Give what is open of ``wanted`` a final status without an answer; return how
    many. Runs in the caller's transaction."""
    rows = list(
        Interaction.objects.filter(wanted, status__in=OPEN)
        .order_by("id")
        .select_for_update(no_key=True)
        .only("id", "status", "project_id", "consumer", "lifecycle", "review_round")
    )
    for row in rows:
        row.status = status
        row.updated_at = now
        note(row, status.value, now=now)
    if rows:
        Interaction.objects.bulk_update(rows, ["status", "updated_at", "lifecycle"])
        append_source_events(callback_facts(rows), now=now)
        tell_inboxes(close_people([row.id for row in rows]))
    return len(rows)


def _asked_it(actor: Actor, interaction: Interaction) -> bool:
    return actor.principal_id != "" and actor.principal_id == interaction.created_by


def _cancelled(interaction: Interaction) -> Fact:
    return Fact(
        interaction.project_id,
        Internal.INTERACTION_CANCELLED,
        source_kind="interaction",
        source_id=interaction.id,
        run_id=interaction.run_id,
        event={
            "interaction_id": interaction.id,
            "task_id": interaction.task_id,
            "signal_name": interaction.signal_name,
            "response": {
                "interaction_id": interaction.id,
                "status": interaction.status,
                "reason": interaction.cancel_reason,
            },
        },
    )
