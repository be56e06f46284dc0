"""Runs over HTTP. Streams are held routes in ``stream.py``."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.body import Body
from apps.api.idempotency import act_once
from apps.api.pagination import page_newest_first, page_of_all
from apps.identity.permissions import Permission
from apps.identity.viewsets import ProjectViewSet
from apps.jobs.renderings import render_job
from apps.kernel import clock
from apps.kernel.errors import MobiusError
from apps.runs.linear_renderings import render_in_dialect
from apps.runs.linear_requests import read_step_signal
from apps.runs.models import Run
from apps.runs.renderings import (
    render_action_log_entry,
    render_run,
    render_run_detail,
)
from apps.runs.requests import read_run_ids, read_signal, read_start
from apps.runs.selectors import (
    action_log_of,
    filtered_runs,
    find_run,
    jobs_of,
    open_waits_of,
    require_run,
)
from apps.runs.services.cancel import cancel_run
from apps.runs.services.resume import resume_run
from apps.runs.services.resume_step import resume_step
from apps.runs.services.retry import retry_run
from apps.runs.services.signal import send_signal
from apps.runs.services.start import start_run
from apps.workflows.models import Dialect, Spec
from apps.workflows.selectors import find_workflow


class RunViewSet(ProjectViewSet):
    """Start, read, and steer runs."""

    permissions: ClassVar = {
        "create": Permission.RUN_START,
        "list": Permission.RUN_VIEW,
        "retrieve": Permission.RUN_VIEW,
        "jobs": Permission.RUN_VIEW,
        "action_log": Permission.RUN_VIEW,
        "cancel": Permission.RUN_CONTROL,
        "cancel_many": Permission.RUN_CONTROL,
        "retry_many": Permission.RUN_CONTROL,
        "signal": Permission.RUN_CONTROL,
        "resume": Permission.RUN_CONTROL,
        "create_of_workflow": Permission.RUN_START,
        "list_of_workflow": Permission.RUN_VIEW,
    }
    while_archived = ("cancel", "cancel_many", "signal", "resume")

    def create(self, request: Request, project: str) -> Response:
        """202 with the queued run."""
        return self._start(request, "runs.create", None)

    def create_of_workflow(
        self, request: Request, project: str, workflow: str
    ) -> Response:
        """202 with the queued run of the definition in the path."""
        return self._start(request, f"workflows/{workflow}/runs.create", workflow)

    def _start(
        self, request: Request, operation: str, definition: str | None
    ) -> Response:
        now = clock.now()
        new = read_start(request.data, self.caller, definition=definition)

        def act() -> tuple[int, dict[str, Any]]:
            return 202, render_run(start_run(self.project_id, new, now=now))

        return act_once(
            request.headers,
            project_id=self.project_id,
            operation=operation,
            request=request.data,
            now=now,
            act=act,
        )

    def list(self, request: Request, project: str) -> Response:
        """200 with a page, newest first, each run in the words of its definition."""
        rows = filtered_runs(self.project_id, request.query_params)
        render = partial(render_in_dialect, organization_id=self.caller.organization_id)
        return Response(page_newest_first(rows, request.query_params, render))

    def list_of_workflow(
        self, request: Request, project: str, workflow: str
    ) -> Response:
        """200 with a page of the definition's runs."""
        found = find_workflow(self.project_id, workflow)
        rows = filtered_runs(self.project_id, request.query_params)
        page = page_newest_first(
            rows.filter(workflow_id=found.id), request.query_params, render_run
        )
        return Response(page)

    def retrieve(self, request: Request, project: str, run_id: str) -> Response:
        """200 with spec, jobs, waits and result; in the linear dialects with what
        their clients know."""
        run = find_run(self.project_id, run_id)
        if run.dialect != Dialect.WORKFLOW:
            return Response(self._shown(run))
        spec = Spec.objects.values_list("body", flat=True).get(pk=run.spec_digest)
        return Response(
            render_run_detail(run, spec, jobs_of(run.id), open_waits_of(run.id))
        )

    def _shown(self, run: Run) -> dict[str, Any]:
        due = [wait.due_at for wait in open_waits_of(run.id) if wait.due_at]
        wake_at = min(due, default=None)
        organization_id = self.caller.organization_id
        return render_in_dialect(run, organization_id, wake_at=wake_at)

    def jobs(self, request: Request, project: str, run_id: str) -> Response:
        """200 with every attempt, oldest first; with ``limit`` a page of them."""
        require_run(self.project_id, run_id)
        page = page_of_all(
            jobs_of(run_id),
            request.query_params,
            lambda job: (job.created_at.isoformat(timespec="microseconds"), job.id),
        )
        page["items"] = [render_job(job) for job in page["items"]]
        return Response(page)

    def action_log(self, request: Request, project: str, run_id: str) -> Response:
        """200 with the end of every action attempt; with ``limit`` a page of them."""
        require_run(self.project_id, run_id)
        page = page_of_all(
            action_log_of(run_id), request.query_params, lambda event: (event.seq,)
        )
        page["items"] = [render_action_log_entry(event) for event in page["items"]]
        return Response(page)

    def cancel(self, request: Request, project: str, run_id: str) -> Response:
        """204, or 200 with the run in the linear dialects; it is cancelled, or was
        finished before."""
        body = Body(request.data)
        reason = body.text("reason", default="", min_length=0, max_length=1000)
        body.finish()
        cancel_run(self.project_id, run_id, reason=reason, now=clock.now())
        run = find_run(self.project_id, run_id)
        if run.dialect != Dialect.WORKFLOW:
            return Response(self._shown(run))
        return Response(status=204)

    def cancel_many(self, request: Request, project: str) -> Response:
        """200 ``{succeeded, failures}``: an answer per run."""
        return self._each(
            request, lambda id_: cancel_run(self.project_id, id_, now=clock.now())
        )

    def retry_many(self, request: Request, project: str) -> Response:
        """200 ``{succeeded, failures}``: failed runs are queued again."""
        return self._each(
            request, lambda id_: retry_run(self.project_id, id_, now=clock.now())
        )

    def _each(self, request: Request, act: Callable[[str], object]) -> Response:
        succeeded: list[str] = []
        failures: dict[str, str] = {}
        for run_id in read_run_ids(request.data):
            try:
                act(run_id)
            except MobiusError as error:
                failures[run_id] = error.message
            else:
                succeeded.append(run_id)
        return Response({"succeeded": succeeded, "failures": failures})

    def signal(self, request: Request, project: str, run_id: str) -> Response:
        """202 ``{id, run_id, name}``; the signal is stored. With ``step_key`` 200 and
        the run, whose step has gone on."""
        if isinstance(request.data, Mapping) and "step_key" in request.data:
            step, result = read_step_signal(request.data)
            resume_step(self.project_id, run_id, step, result, now=clock.now())
            return Response(self._shown(find_run(self.project_id, run_id)))
        name, payload = read_signal(request.data)
        sent = send_signal(
            self.project_id,
            run_id,
            name=name,
            payload=payload,
            sender_id=self.caller.principal_id,
            now=clock.now(),
        )
        return Response(
            {"id": sent.id, "run_id": run_id, "name": sent.name}, status=202
        )

    def resume(self, request: Request, project: str, run_id: str) -> Response:
        """204; the paused paths go on."""
        resume_run(self.project_id, run_id, now=clock.now())
        return Response(status=204)
