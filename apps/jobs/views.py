"""The worker protocol but for the held claim, and the worker list."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.body import Body
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

WORKERS_SHOWN_MAX = 1000


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
        """200 ``{items}``, last seen first."""
        workers, doing = self._workers()
        now = clock.now()
        items = [render_worker(w, doing[w.worker_id], now=now) for w in workers]
        return Response({"items": items, "has_more": False})

    def sessions(self, request: Request, project: str) -> Response:
        """200 ``{items, totals}``: the same workers in later generations' words."""
        workers, doing = self._workers()
        now = clock.now()
        items = [render_session(w, doing[w.worker_id], now=now) for w in workers]
        return Response({"items": items, "totals": render_totals(items)})

    def _workers(self) -> tuple[Sequence[Worker], Mapping[str, Sequence[Job]]]:
        """Return the workers seen last, and the jobs in the hands of each."""
        rows = Worker.objects.filter(project_id=self.project_id)
        workers = list(rows.order_by("-last_seen_at", "id")[:WORKERS_SHOWN_MAX])
        doing: dict[str, list[Job]] = defaultdict(list)
        held = Job.objects.filter(project_id=self.project_id, status=JobStatus.CLAIMED)
        for job in held.order_by("claimed_at")[:WORKERS_SHOWN_MAX]:
            doing[job.worker_id].append(job)
        return workers, doing
