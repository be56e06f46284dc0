"""Delete an integration."""

from django.db import transaction

from apps.integrations.selectors import find_integration


@transaction.atomic
def delete_integration(project_id: str, integration_id: str) -> None:
    """Delete an integration with its secret; there is nothing at its address any more.
    Events that came through it stay.

    Raises:
        NotFound: the project has no such integration.
    """
    find_integration(project_id, integration_id, for_update=True).delete()
