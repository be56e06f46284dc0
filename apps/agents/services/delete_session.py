"""Delete a session."""

from django.db import transaction

from apps.agents.models import SessionMessage
from apps.agents.selectors import find_session
from apps.agents.wire import tell_changed


@transaction.atomic
def delete_session(project_id: str, session_id: str) -> None:
    """Delete a session with its messages; its streams end. The facts that told of the
    messages have an age of their own.

    Raises:
        NotFound: the project has no such session.
    """
    session = find_session(project_id, session_id, for_update=True)
    SessionMessage.objects.filter(session_id=session.id).delete()
    session.delete()
    tell_changed(session_id)
