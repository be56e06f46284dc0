"""What others hear of a question: its record, the run's timeline, open inboxes."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from apps.api.rendering import instant
from apps.interactions.models import Interaction
from apps.realtime.outbound import say
from apps.run_events.services.aside import append_aside

#: Kind of the messages that open inboxes listen to.
CHANGED: Final = "interactions"
LIFECYCLE_MAX: Final = 200


def note(
    interaction: Interaction,
    action: str,
    *,
    actor_id: str = "",
    comment: str = "",
    now: datetime,
) -> None:
    """Add a line to the question's own record; the caller saves it.

    A record that gets too long keeps its first line and the latest.
    """
    line = {
        "at": instant(now),
        "status": interaction.status,
        "action": action,
        "actor_id": actor_id or None,
        "comment": comment or None,
        "round": interaction.review_round,
    }
    lines = [*(interaction.lifecycle or ()), line]
    if len(lines) > LIFECYCLE_MAX:
        lines = [lines[0], *lines[-LIFECYCLE_MAX + 1 :]]
    interaction.lifecycle = lines


def tell_timeline(
    interaction: Interaction, type_: str, *, now: datetime, **facts: Any
) -> None:
    """Put a line on the timeline of the run that asks, if one does. Locks its stream:
    nothing else may be locked after this."""
    if not interaction.run_id:
        return
    payload = {
        "interaction_id": interaction.id,
        "step": interaction.step_name or interaction.signal_name,
        **{name: fact for name, fact in facts.items() if fact not in (None, "")},
    }
    append_aside(interaction.run_id, type_, payload, now=now)


def tell_inboxes(changed: Iterable[tuple[str, Sequence[str]]]) -> None:
    """Tell open inboxes which questions changed for which principals, after commit."""
    items = [{"id": id_, "principals": list(people)} for id_, people in changed]
    if items:
        say(CHANGED, changed=items)
