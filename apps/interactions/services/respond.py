"""Take an answer."""

from datetime import datetime
from typing import Any

from django.db import transaction

from apps.api.body import invalid_field
from apps.identity.authentication import Caller
from apps.identity.models import PrincipalKind
from apps.identity.permissions import Permission
from apps.interactions.answers import default_spec, problem_with
from apps.interactions.models import Interaction, InteractionStatus
from apps.interactions.selectors import find_interaction
from apps.kernel.errors import Conflict, PermissionDenied
from apps.source_events.catalog import Public
from apps.source_events.services.append import Fact, append_source_event


@transaction.atomic
def respond_to_interaction(
    project_id: str,
    interaction_id: str,
    *,
    caller: Caller,
    value: Any,
    comment: str = "",
    now: datetime,
) -> Interaction:
    """Answer a pending question, once; its run goes on with the answer.

    Answers that arrive at the same moment queue up on the row: the first counts.

    Raises:
        NotFound: the project has no such interaction.
        PermissionDenied: somebody else is asked.
        Conflict: it is answered, expired or cancelled.
        Invalid: ``value`` is not what ``spec`` asks for.
    """
    interaction = find_interaction(project_id, interaction_id, for_update=True)
    _check_responder(interaction, caller)
    status = interaction.status_at(now)
    if status is not InteractionStatus.PENDING:
        raise Conflict(
            f"interaction {interaction.id} is {status.value}, not pending",
            status=status.value,
        )
    spec = interaction.spec or default_spec(interaction.type)
    if problem := problem_with(value, spec):
        raise invalid_field("value", problem)
    interaction.status = InteractionStatus.COMPLETED
    interaction.value = value
    interaction.comment = comment
    interaction.responder_id = caller.principal_id
    interaction.completed_at = interaction.updated_at = now
    interaction.save()
    append_source_event(_resolved(interaction), now=now)
    return interaction


def _check_responder(interaction: Interaction, caller: Caller) -> None:
    """People answer for themselves; services and agents may answer for them."""
    if caller.principal_id == interaction.target_id:
        return
    if caller.principal_kind == PrincipalKind.HUMAN:
        raise PermissionDenied(f"interaction {interaction.id} asks somebody else")
    if not caller.may(Permission.INTERACTION_MANAGE):
        caller.require(Permission.INTERACTION_RESPOND)


def _resolved(interaction: Interaction) -> Fact:
    """Nothing waits for the answer to a question that no run asked."""
    return Fact(
        interaction.project_id,
        Public.INTERACTION_RESOLVED,
        source_kind="interaction",
        source_id=interaction.id,
        run_id=interaction.run_id,
        event={
            "interaction_id": interaction.id,
            "task_id": interaction.task_id,
            "response": {
                "value": interaction.value,
                "comment": interaction.comment,
                "responder": interaction.responder,
            },
        },
        meta={
            "interaction_id": interaction.id,
            "kind": interaction.type,
            "status": interaction.status,
            "responder_id": interaction.responder_id,
            "resolving_response_id": interaction.response_id,
        },
        settled=not interaction.run_id,
    )
