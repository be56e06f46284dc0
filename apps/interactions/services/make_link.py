"""Make a link that answers as one who is asked."""

from datetime import datetime
from typing import Any

from apps.api.rendering import instant
from apps.interactions.actors import Actor, answers_as, require_may_answer
from apps.interactions.links import link_ends, link_url
from apps.interactions.selectors import find_interaction
from apps.interactions.services.respond import require_pending
from apps.interactions.store import people_of


def make_link(
    project_id: str,
    interaction_id: str,
    *,
    actor: Actor,
    user_id: str,
    now: datetime,
) -> dict[str, Any]:
    """Return ``{url, user_id, expires_at}``. Who gets it can answer as ``user_id``, so
    only who may answer for them can have it made.

    Raises:
        NotFound: the project has no such interaction.
        PermissionDenied: the actor may not answer for ``user_id``.
        Conflict: the question is over, or ``user_id`` has answered.
        Invalid: ``user_id`` is not asked.
    """
    interaction = find_interaction(project_id, interaction_id)
    people = people_of(interaction)
    require_may_answer(actor, interaction, people, user_id)
    require_pending(interaction, now)
    answers_as(actor, interaction, people, user_id)
    return {
        "url": link_url(interaction, user_id, now=now),
        "user_id": user_id,
        "expires_at": instant(link_ends(interaction, now=now)),
    }
