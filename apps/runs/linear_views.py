"""Runs of automations and loops over HTTP, and what all runs have in their words."""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import act_once
from apps.api.pagination import page_newest_first, page_of_all
from apps.identity.permissions import Permission
from apps.identity.viewsets import ProjectViewSet
from apps.kernel import clock
from apps.kernel.errors import NotFound
from apps.runs.linear_renderings import render_in_dialect
from apps.runs.linear_requests import (
    read_automation_start,
    read_loop_start,
    read_recovery,
    read_usage,
)
from apps.runs.selectors import filtered_runs, find_run, step_lines_of
from apps.runs.services.record_usage import record_usage
from apps.runs.services.recover import recover_run
from apps.runs.services.start import NewRun, start_run
from apps.runs.step_ledger import entries_of, render_step
from apps.workflows.models import Dialect, Spec
from apps.workflows.selectors import find_definition
from apps.workflows.specs import parsed_spec


class LinearRunViewSet(ProjectViewSet):
    """Start runs of automations and loops; recover, account for and list steps."""

    permissions: ClassVar = {
        "create_of_automation": Permission.RUN_START,
        "list_of_automation": Permission.RUN_VIEW,
        "create_of_loop": Permission.RUN_START,
        "list_of_loop": Permission.RUN_VIEW,
        "steps": Permission.RUN_VIEW,
        "resume": Permission.RUN_CONTROL,
        "retry": Permission.RUN_CONTROL,
        "usage": Permission.JOB_EMIT_EVENT,
    }
    while_archived = ("usage",)

    def create_of_automation(
        self, request: Request, project: str, automation: str
    ) -> Response:
        """202 with the run; the live one that has this ``external_id``, if any."""
        new = read_automation_start(request.data, self.caller, automation)
        return self._start(request, Dialect.AUTOMATION, automation, new)

    def create_of_loop(self, request: Request, project: str, loop: str) -> Response:
        """202 with the run; the live one with this ``idempotency_key``, if any."""
        key = request.headers.get("Idempotency-Key")
        new = read_loop_start(request.data, self.caller, loop, key)
        return self._start(request, Dialect.LOOP, loop, new)

    def _start(
        self, request: Request, dialect: Dialect, definition: str, new: NewRun
    ) -> Response:
        now = clock.now()
        if find_definition(self.project_id, definition, dialect) is None:
            raise NotFound(f"{dialect} {definition} not found")

        def act() -> tuple[int, dict[str, Any]]:
            run = start_run(self.project_id, new, now=now)
            return 202, render_in_dialect(run, self.caller.organization_id)

        return act_once(
            request.headers,
            project_id=self.project_id,
            operation=f"{dialect}s/{definition}/runs.create",
            request=request.data,
            now=now,
            act=act,
        )

    def list_of_automation(
        self, request: Request, project: str, automation: str
    ) -> Response:
        """200 with a page of its runs, newest first."""
        return self._list(request, Dialect.AUTOMATION, automation)

    def list_of_loop(self, request: Request, project: str, loop: str) -> Response:
        """200 with a page of its runs, newest first."""
        return self._list(request, Dialect.LOOP, loop)

    def _list(self, request: Request, dialect: Dialect, definition: str) -> Response:
        found = find_definition(self.project_id, definition, dialect)
        if found is None:
            raise NotFound(f"{dialect} {definition} not found")
        rows = filtered_runs(self.project_id, request.query_params)
        rows = rows.filter(workflow_id=found.id)
        render = partial(render_in_dialect, organization_id=self.caller.organization_id)
        return Response(page_newest_first(rows, request.query_params, render))

    def steps(self, request: Request, project: str, run_id: str) -> Response:
        """200 with the steps of any run, in order; with ``limit`` a page of them."""
        run = find_run(self.project_id, run_id)
        authored = Spec.objects.values_list("body", flat=True).get(pk=run.spec_digest)
        lines = step_lines_of(run.id)
        entries = entries_of(run, parsed_spec(run.spec_digest), authored, lines)
        page = page_of_all(
            list(enumerate(entries)),
            request.query_params,
            lambda numbered: numbered[:1],
        )
        page["items"] = [
            render_step(entry, seq, run, self.caller.organization_id)
            for seq, entry in page["items"]
        ]
        return Response(page)

    def resume(self, request: Request, project: str, run_id: str) -> Response:
        """202 with the failed run, which goes on where it failed."""
        return self._recover(request, run_id, "resume")

    def retry(self, request: Request, project: str, run_id: str) -> Response:
        """202 with the failed run, which goes on where it failed."""
        return self._recover(request, run_id, "retry")

    def _recover(self, request: Request, run_id: str, action: str) -> Response:
        how = read_recovery(request.data, action)
        now = clock.now()
        act: Callable[[], Any] = partial(
            recover_run, self.project_id, run_id, **how._asdict(), now=now
        )
        return act_once(
            request.headers,
            project_id=self.project_id,
            operation=f"runs/{run_id}.{action}",
            request=request.data,
            now=now,
            act=lambda: (202, render_in_dialect(act(), self.caller.organization_id)),
        )

    def usage(self, request: Request, project: str, run_id: str) -> Response:
        """202 with the run's id and status; a budget may be exceeded by it."""
        used = read_usage(request.data)
        now = clock.now()
        act = partial(record_usage, self.project_id, run_id, **used._asdict(), now=now)
        return act_once(
            request.headers,
            project_id=self.project_id,
            operation=f"runs/{run_id}.usage",
            request=request.data,
            now=now,
            act=lambda: (202, {"run_id": run_id, "status": act()}),
        )
