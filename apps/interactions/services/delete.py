"""Put away a question that is over."""

from datetime import datetime

from django.db import transaction

from apps.interactions.selectors import find_interaction
from apps.kernel.errors import Invalid


@transaction.atomic
def delete_interaction(project_id: str, interaction_id: str, *, now: datetime) -> None:
    """Hide a question that is over; its answers stay for the record.

    Raises:
        NotFound: the project has no such interaction.
        Invalid: something can still happen to it.
    """
    interaction = find_interaction(project_id, interaction_id, for_update=True)
    if interaction.is_open(now):
        raise Invalid(
            f"interaction {interaction.id} is {interaction.status_at(now).value};"
            " cancel it first",
            status=interaction.status_at(now).value,
        )
    interaction.deleted_at = interaction.updated_at = now
    interaction.save(update_fields=["deleted_at", "updated_at"])
