"""The worker protocol but for the held claim, and the worker list."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.body import Body
from apps.api.pagination import LIMIT_MAX, page_newest_first
from apps.identity.permissions import Permission
from apps.identity.viewsets import ProjectViewSet
from apps.jobs.models import Job, JobStatus, Worker
from apps.jobs.renderings import render_session, render_totals, render_worker
from apps.jobs.requests import (
    OVER_CAPACITY,
    OVER_CAPACITY_DELAY,
    read_events,
    read_fence,
    read_report,
)
from apps.jobs.services.claim import requeue
from apps.jobs.services.complete import complete_job
from apps.jobs.services.heartbeat import heartbeat_job
from apps.jobs.services.report_events import report_events
from apps.kernel import clock

#: Jobs in hand that are shown with the workers of a page.
JOBS_SHOWN_MAX = 1000


class JobViewSet(ProjectViewSet):
    """Heartbeat, events, complete: the fenced calls of the worker that holds a job."""

    permissions: ClassVar = {
        "heartbeat": Permission.JOB_CLAIM,
        "events": Permission.JOB_EMIT_EVENT,
        "complete": Permission.JOB_REPORT,
    }
    while_archived = ("heartbeat", "events", "complete")

    def heartbeat(self, request: Request, project: str, job_id: str) -> Response:
        """200 ``{ok, directives: {should_cancel}}``; 409 when the lease is lost."""
        body = Body(request.data)
        fence = read_fence(self.project_id, job_id, body)
        body.finish()
        should_cancel = heartbeat_job(fence, now=clock.now())
        return Response({"ok": True, "directives": {"should_cancel": should_cancel}})

    def events(self, request: Request, project: str, job_id: str) -> Response:
        """204; the events are on the timeline, all of them."""
        fence, events = read_events(self.project_id, job_id, request.data)
        report_events(fence, events, now=clock.now())
        return Response(status=204)

    def complete(self, request: Request, project: str, job_id: str) -> Response:
        """204; the report counts. 409 when the lease is lost. With the error type
        ``WorkerOverCapacity`` the job goes back as it was."""
        fence, report = read_report(self.project_id, job_id, request.data)
        now = clock.now()
        back = report.error_type == OVER_CAPACITY
        if not (back and requeue(fence, delay=OVER_CAPACITY_DELAY, now=now)):
            complete_job(fence, report, now=now)
        return Response(status=204)


class WorkerViewSet(ProjectViewSet):
    """Who claims jobs in this project, and what each is doing."""

    permissions: ClassVar = {
        "list": Permission.WORKER_VIEW,
        "sessions": Permission.WORKER_VIEW,
    }

    def list(self, request: Request, project: str) -> Response:
        """200 with a page, who registered last first."""
        page, doing = self._page(request)
        now = clock.now()
        page["items"] = [
            render_worker(worker, doing[worker.worker_id], now=now)
            for worker in page["items"]
        ]
        return Response(page)

    def sessions(self, request: Request, project: str) -> Response:
        """200 with the same page and its totals, in later generations' words."""
        page, doing = self._page(request)
        now = clock.now()
        page["items"] = [
            render_session(worker, doing[worker.worker_id], now=now)
            for worker in page["items"]
        ]
        return Response({**page, "totals": render_totals(page["items"])})

    def _page(
        self, request: Request
    ) -> tuple[dict[str, Any], Mapping[str, Sequence[Job]]]:
        """Return a page of workers, long unless told, and the jobs each has in hand."""
        page = page_newest_first(
            Worker.objects.filter(project_id=self.project_id),
            request.query_params,
            lambda worker: worker,
            limit_default=LIMIT_MAX,
        )
        doing: dict[str, list[Job]] = defaultdict(list)
        held = Job.objects.filter(
            project_id=self.project_id,
            status=JobStatus.CLAIMED,
            worker_id__in=[worker.worker_id for worker in page["items"]],
        )
        for job in held.order_by("claimed_at")[:JOBS_SHOWN_MAX]:
            doing[job.worker_id].append(job)
        return page, doing
