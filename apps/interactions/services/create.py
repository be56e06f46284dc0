"""Ask somebody at the word of a caller: for nothing, for a run, from a job."""

from datetime import datetime

from django.db import transaction

from apps.api.body import invalid_field
from apps.interactions.models import Interaction
from apps.interactions.people import look_up
from apps.interactions.question import Asker, Question, Target, due
from apps.interactions.services.ask import Asking, put_questions
from apps.interactions.telling import tell_timeline


@transaction.atomic
def create_interaction(
    project_id: str, question: Question, asker: Asker, *, now: datetime
) -> Interaction:
    """Create a pending interaction.

    For a run or a job the caller's transaction holds its lock already.

    Raises:
        Invalid: a target is nobody of this project, fewer people can be asked than
            have to answer, or ``expires_at`` has passed.
    """
    if question.expires_at is not None and question.expires_at <= now:
        raise invalid_field("expires_at", "expected an instant in the future")
    path = asker.paths.get("target", "target_actor")
    later = [target for each in question.escalation for target in each.targets]
    reviewers = [Target("user", one) for one in question.reviewers or ()]
    known = look_up(project_id, [*question.targets, *later, *reviewers])
    for number, target in enumerate(question.targets):
        if problem := known.problem(target):
            raise invalid_field(_place(path, number, len(question.targets)), problem)
    for number, each in enumerate(question.escalation):
        for target in each.targets:
            if problem := known.problem(target):
                raise invalid_field(f"escalation[{number}]", problem)
    for number, reviewer in enumerate(reviewers):
        if problem := known.problem(reviewer):
            raise invalid_field(f"review.reviewers[{number}]", problem)
    asking = Asking(project_id, due(question, now, question.expires_at), asker)
    asking.meet(known)
    if asking.problem:
        place = "resolution_policy.threshold" if asking.people else path
        if question.reviewers is not None and not asking.reviewers:
            place = "review"
        raise invalid_field(place, asking.problem)
    (row,) = put_questions([asking], {project_id: known}, now=now)
    facts = asking.facts()
    for name in ("interaction_id", "step"):
        facts.pop(name, None)
    tell_timeline(row, "interaction.requested", now=now, **facts)
    return row


def _place(path: str, number: int, count: int) -> str:
    """Return where the caller named a target."""
    many = path in ("targets", "target_user_ids")
    return f"{path}[{number}]" if many or count > 1 else f"{path}.id"
