"""Delete a definition."""

from django.db import transaction

from apps.workflows.selectors import find_workflow


@transaction.atomic
def delete_workflow(project_id: str, id_or_handle: str) -> None:
    """Delete a workflow with all its versions; its name and handle are free again.

    Runs in flight go on: they pin specs, which stay.

    Raises:
        NotFound: the project has no such workflow.
    """
    find_workflow(project_id, id_or_handle, for_update=True).delete()
