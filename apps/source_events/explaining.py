"""Why an event does, or does not, wake somebody: check by check, each in words."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from apps.kernel.errors import NotFound
from apps.kernel.ids import IdKind
from apps.source_events.catalog import patterns_of
from apps.source_events.models import Listener, SourceEvent


class Check(NamedTuple):
    """One condition of a match. ``error`` is why it could not be decided."""

    holds: bool
    words: str
    error: str = ""


class Explanation(NamedTuple):
    """What came of an event, and every check of the match as it would be made now."""

    came: str
    checks: Sequence[Check]

    @property
    def objection(self) -> str:
        """The first check that does not hold, in words; "" when all do."""
        failed = (one for one in self.checks if not one.holds)
        return next((one.error or one.words for one in failed), "")


#: Takes the id of who listens, and the event.
#:
#: Raises:
#:     NotFound: nobody has this id.
Explainer = Callable[[str, SourceEvent], Explanation]
#: By the kind of who listens; the apps that own them put theirs in.
EXPLAINERS: Final[dict[str, Explainer]] = {}


def explain(ref: str, event: SourceEvent) -> Explanation:
    """Return why an event does, or does not, reach ``ref``: a trigger,
    a webhook or a wait.

    Raises:
        NotFound: there is none of this id.
    """
    explainer = EXPLAINERS.get(ref.partition("_")[0])
    if explainer is None:
        known = ", ".join(f"{kind}_…" for kind in sorted(EXPLAINERS))
        raise NotFound(f"nobody who listens has the id {ref}; expected {known}")
    return explainer(ref, event)


def public_event(event_id: str) -> SourceEvent:
    """Return the public event of an id, of whichever project.

    Raises:
        NotFound: there is none.
    """
    event = SourceEvent.objects.filter(id=event_id, public=True).first()
    if event is None:
        raise NotFound(
            f"there is no public source event {event_id};"
            f" expected {IdKind.SOURCE_EVENT}_…"
        )
    return event


def candidates(event: SourceEvent, limit: int) -> list[Listener]:
    """Return who listens for the type of an event in its project now, whether or not
    they want this one: the first ``limit``, triggers, then waits, then webhooks."""
    patterns = patterns_of(event.event_type)
    rows = Listener.objects.filter(project_id=event.project_id, pattern__in=patterns)
    return list(rows.order_by("source", "ref")[:limit])
