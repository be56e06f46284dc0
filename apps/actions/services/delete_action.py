"""Delete a custom action."""

from apps.actions.selectors import find_action


def delete_action(project_id: str, name: str) -> None:
    """Delete an action and its key; the log of its calls stays. Steps that name it fail
    from now on, and say why.

    Raises:
        NotFound: the project has no such action of its own.
    """
    find_action(project_id, name).delete()
