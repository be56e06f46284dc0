"""Whether a run of a definition may begin, given those that live.

A run that has to take its turn is there at once, queued, and begins when the errand
that settles its definition lets it. So nobody who starts runs holds a lock for it.
"""

from django.db.models import QuerySet

from apps.engine.spec import Spec
from apps.runs.limits import LOOP_POLICY, Busy
from apps.runs.models import Run


def takes_turns(workflow_id: str, spec: Spec) -> bool:
    """Say whether runs of a definition regard each other."""
    linear = spec.linear
    return bool(workflow_id) and linear is not None and linear.concurrency != "allow"


def held_back(run: Run, spec: Spec) -> str:
    """Return why a new run does not begin at once, "" where nothing keeps it.

    Raises:
        Busy: the policy is to skip, and another run lives: told at once where it is
            known already; of two at the same moment the errand cancels one.
    """
    if not takes_turns(run.workflow_id, spec):
        return ""
    assert spec.linear is not None, "only such definitions have a policy"
    if spec.linear.concurrency == "skip":
        other = live_runs(run.workflow_id).values_list("id", flat=True).first()
        if other is not None:
            raise Busy(
                f"run {other} of {run.workflow_name} is active, and its concurrency"
                " is skip",
                active_run_id=other,
            )
    return LOOP_POLICY


def live_runs(workflow_id: str) -> QuerySet[Run]:
    """Return the runs of a definition that are not over, the oldest first."""
    return Run.objects.filter(workflow_id=workflow_id, completed_at=None).order_by("id")
