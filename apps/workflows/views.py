"""HTTP for definitions: parse, call one service, render. No rule lives here."""

from functools import partial
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import act_once
from apps.api.pagination import page_newest_first
from apps.identity.permissions import Permission
from apps.identity.viewsets import ProjectViewSet
from apps.kernel import clock
from apps.workflows.renderings import (
    render_version,
    render_workflow,
    render_workflow_detail,
)
from apps.workflows.requests import read_changes, read_new_workflow
from apps.workflows.selectors import (
    find_version,
    find_workflow,
    latest_body,
    list_workflows,
    page_of_versions,
)
from apps.workflows.services.create import create_workflow
from apps.workflows.services.delete import delete_workflow
from apps.workflows.services.update import update_workflow

_YES = ("true", "1")


class WorkflowViewSet(ProjectViewSet):
    """``/v1/projects/{project}/workflows``; ``{workflow}`` is an id or a handle."""

    permissions: ClassVar = {
        "list": Permission.WORKFLOW_VIEW,
        "create": Permission.WORKFLOW_EDIT,
        "retrieve": Permission.WORKFLOW_VIEW,
        "partial_update": Permission.WORKFLOW_EDIT,
        "destroy": Permission.WORKFLOW_EDIT,
    }

    def list(self, request: Request, project: str) -> Response:
        """200 with a page, newest first, without specs."""
        rows = list_workflows(self.project_id)
        return Response(page_newest_first(rows, request.query_params, render_workflow))

    def create(self, request: Request, project: str) -> Response:
        """201 with the workflow and its spec; 409 when the name is taken."""
        now = clock.now()
        new = read_new_workflow(request.data)

        def act() -> tuple[int, dict[str, Any]]:
            workflow = create_workflow(
                self.project_id,
                self.caller.organization_id,
                new,
                created_by=self.caller.principal_id,
                now=now,
            )
            return 201, render_workflow_detail(workflow, new.spec)

        return act_once(
            request.headers,
            project_id=self.project_id,
            operation="workflows.create",
            request=request.data,
            now=now,
            act=act,
        )

    def retrieve(self, request: Request, project: str, workflow: str) -> Response:
        """200 with the workflow and its latest spec."""
        found = find_workflow(self.project_id, workflow)
        return Response(render_workflow_detail(found, latest_body(found)))

    def partial_update(self, request: Request, project: str, workflow: str) -> Response:
        """200; ``latest_version`` is one more when the spec changed."""
        changed = update_workflow(
            self.project_id,
            workflow,
            read_changes(request.data),
            changed_by=self.caller.principal_id,
            now=clock.now(),
        )
        return Response(render_workflow_detail(changed, latest_body(changed)))

    def destroy(self, request: Request, project: str, workflow: str) -> Response:
        """204; the workflow and its versions are gone, runs in flight go on."""
        delete_workflow(self.project_id, workflow)
        return Response(status=204)


class WorkflowVersionViewSet(ProjectViewSet):
    """``/v1/projects/{project}/workflows/{workflow}/versions``."""

    permissions: ClassVar = {
        "list": Permission.WORKFLOW_VIEW,
        "retrieve": Permission.WORKFLOW_VIEW,
    }

    def list(self, request: Request, project: str, workflow: str) -> Response:
        """200 with versions, newest first; with specs for ``include_spec=true``."""
        found = find_workflow(self.project_id, workflow)
        include_spec = request.query_params.get("include_spec", "").lower() in _YES
        render = partial(render_version, include_spec=include_spec)
        return Response(page_of_versions(found, request.query_params, render))

    def retrieve(
        self, request: Request, project: str, workflow: str, number: str
    ) -> Response:
        """200 with one version and its spec."""
        version = find_version(find_workflow(self.project_id, workflow), number)
        return Response(render_version(version, include_spec=True))
