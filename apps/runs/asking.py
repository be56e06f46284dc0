"""``POST …/interactions`` and ``POST …/jobs/{job}/interactions``: questions that a
run may wait for. Everything else about them is in ``apps.interactions``."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.identity.permissions import Permission
from apps.interactions.models import Interaction
from apps.interactions.requests import Asked, read_question
from apps.interactions.views import InteractionViewSet
from apps.jobs.fence import Fence
from apps.kernel import clock
from apps.runs.services.ask import ask_for_run, ask_from_job


class AskingViewSet(InteractionViewSet):
    """Puts questions for runs and jobs."""

    permissions: ClassVar = {
        **InteractionViewSet.permissions,
        "create_from_job": Permission.JOB_REPORT,
    }
    while_archived = (*InteractionViewSet.while_archived, "create_from_job")

    def ask(self, asked: Asked) -> Interaction:
        """Put a question, for a run when it names one."""
        if not asked.run_id:
            return super().ask(asked)
        return ask_for_run(
            self.project_id,
            asked.run_id,
            asked.question,
            signal_name=asked.signal_name,
            created_by=self.caller.principal_id,
            target_path=asked.target_path,
            now=clock.now(),
        )

    def create_from_job(self, request: Request, project: str, job_id: str) -> Response:
        """201 with a question whose answer is a signal to the job's run."""
        now = clock.now()
        asked = read_question(request.data, now=now, from_job=True)

        def act() -> Interaction:
            return ask_from_job(
                self.project_id,
                job_id,
                asked.question,
                fence=self._fence(job_id, asked),
                signal_name=asked.signal_name,
                step_name=asked.step_name,
                created_by=self.caller.principal_id,
                target_path=asked.target_path,
                now=now,
            )

        return self.once(f"jobs/{job_id}/interactions", act, now=now, status=201)

    def _fence(self, job_id: str, asked: Asked) -> Fence | None:
        if not asked.worker_id:
            return None
        return Fence(self.project_id, job_id, asked.worker_id, asked.attempt)
