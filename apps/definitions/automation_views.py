"""HTTP for automations and their versions: parse, call one service, render."""

from functools import partial
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import act_once
from apps.api.pagination import page_newest_first
from apps.definitions.renderings import (
    render_automation,
    render_automation_version,
)
from apps.definitions.requests import (
    read_automation_changes,
    read_new_automation,
    read_new_version,
)
from apps.definitions.selectors import (
    find_definition,
    list_definitions,
    triggers_of,
)
from apps.definitions.services.add_version import add_version
from apps.definitions.services.create import create_definition
from apps.definitions.services.publish import publish_version
from apps.definitions.services.retire import retire_definition
from apps.definitions.services.update import update_definition
from apps.identity.permissions import Permission
from apps.identity.viewsets import ProjectViewSet
from apps.kernel import clock
from apps.workflows.models import Dialect, Workflow
from apps.workflows.selectors import find_version, page_of_versions

_KIND = Dialect.AUTOMATION


class AutomationViewSet(ProjectViewSet):
    """``/v1/projects/{project}/automations``; ``{automation}`` is a handle or an id."""

    permissions: ClassVar = {
        "list": Permission.WORKFLOW_VIEW,
        "create": Permission.WORKFLOW_EDIT,
        "retrieve": Permission.WORKFLOW_VIEW,
        "partial_update": Permission.WORKFLOW_EDIT,
        "destroy": Permission.WORKFLOW_EDIT,
    }

    def list(self, request: Request, project: str) -> Response:
        """200 with a page, newest first; filter ``status``, else without archived
        ones."""
        rows = list_definitions(self.project_id, _KIND, request.query_params)
        page = page_newest_first(rows, request.query_params, lambda row: row)
        triggers = triggers_of(page["items"])
        page["items"] = [
            render_automation(row, triggers[row.id]) for row in page["items"]
        ]
        return Response(page)

    def create(self, request: Request, project: str) -> Response:
        """201 with the draft; 409 when the handle is taken."""
        now = clock.now()
        new = read_new_automation(request.data)

        def act() -> tuple[int, dict[str, Any]]:
            automation = create_definition(
                self.project_id,
                self.caller.organization_id,
                _KIND,
                new,
                created_by=self.caller.principal_id,
                now=now,
            )
            return 201, _shown(automation)

        return act_once(
            request.headers,
            project_id=self.project_id,
            operation="automations.create",
            request=request.data,
            now=now,
            act=act,
        )

    def retrieve(self, request: Request, project: str, automation: str) -> Response:
        """200 with the automation, archived or not."""
        return Response(_shown(find_definition(self.project_id, _KIND, automation)))

    def partial_update(
        self, request: Request, project: str, automation: str
    ) -> Response:
        """200; 409 when the status does not fit what is published."""
        changed = update_definition(
            self.project_id,
            _KIND,
            automation,
            read_automation_changes(request.data),
            changed_by=self.caller.principal_id,
            now=clock.now(),
        )
        return Response(_shown(find_definition(self.project_id, _KIND, changed.id)))

    def destroy(self, request: Request, project: str, automation: str) -> Response:
        """204; it is archived: its runs stay, new ones do not start."""
        retire_definition(self.project_id, _KIND, automation, now=clock.now())
        return Response(status=204)


class AutomationVersionViewSet(ProjectViewSet):
    """``/v1/projects/{project}/automations/{automation}/versions``."""

    permissions: ClassVar = {
        "list": Permission.WORKFLOW_VIEW,
        "create": Permission.WORKFLOW_EDIT,
        "retrieve": Permission.WORKFLOW_VIEW,
        "publish": Permission.WORKFLOW_EDIT,
    }

    def list(self, request: Request, project: str, automation: str) -> Response:
        """200 with a page, newest first; without ``limit`` the newest 200 and nothing
        beside them, because early clients take no other field."""
        found = find_definition(self.project_id, _KIND, automation)
        query = request.query_params
        page = page_of_versions(found, query, partial(render_automation_version, found))
        is_paged = query.get("limit") or query.get("cursor")
        return Response(page if is_paged else {"items": page["items"]})

    def create(self, request: Request, project: str, automation: str) -> Response:
        """201 with the draft; 400 with every problem of the spec."""
        now = clock.now()
        spec, compiled_plan = read_new_version(request.data)
        if spec.get("triggers"):
            self.caller.require(Permission.TRIGGER_MANAGE)

        def act() -> tuple[int, dict[str, Any]]:
            version = add_version(
                self.project_id,
                automation,
                spec,
                compiled_plan=compiled_plan,
                created_by=self.caller.principal_id,
                now=now,
            )
            return 201, render_automation_version(version.workflow, version)

        return act_once(
            request.headers,
            project_id=self.project_id,
            operation=f"automations/{automation}/versions.create",
            request=request.data,
            now=now,
            act=act,
        )

    def retrieve(
        self, request: Request, project: str, automation: str, number: str
    ) -> Response:
        """200 with one version and its spec."""
        found = find_definition(self.project_id, _KIND, automation)
        version = find_version(found, number)
        return Response(render_automation_version(found, version))

    def publish(
        self, request: Request, project: str, automation: str, number: str
    ) -> Response:
        """200 with the automation; also when the version was published already."""
        now = clock.now()
        found = find_definition(self.project_id, _KIND, automation)
        body = find_version(found, number).spec.body
        if body.get("triggers") or triggers_of([found])[found.id]:
            self.caller.require(Permission.TRIGGER_MANAGE)

        def act() -> tuple[int, dict[str, Any]]:
            published = publish_version(
                self.project_id,
                automation,
                number,
                by=self.caller.principal_id,
                now=now,
            )
            return 200, _shown(find_definition(self.project_id, _KIND, published.id))

        return act_once(
            request.headers,
            project_id=self.project_id,
            operation=f"automations/{automation}/versions/{number}.publish",
            request=request.data,
            now=now,
            act=act,
        )


def _shown(automation: Workflow) -> dict[str, Any]:
    return render_automation(automation, triggers_of([automation])[automation.id])
