"""HTTP for loops: parse, call one service, render."""

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import act_once
from apps.api.pagination import page_newest_first
from apps.definitions.renderings import render_loop
from apps.definitions.requests import read_loop_changes, read_new_loop
from apps.definitions.selectors import (
    authored_now,
    authored_of,
    find_definition,
    list_definitions,
)
from apps.definitions.services.create import create_definition
from apps.definitions.services.retire import retire_definition
from apps.definitions.services.update import update_definition
from apps.identity.permissions import Permission
from apps.identity.viewsets import ProjectViewSet
from apps.kernel import clock
from apps.workflows.models import Dialect, Workflow

_KIND = Dialect.LOOP


class LoopViewSet(ProjectViewSet):
    """``/v1/projects/{project}/loops``; ``{loop}`` is an id."""

    permissions: ClassVar = {
        "list": Permission.WORKFLOW_VIEW,
        "create": Permission.WORKFLOW_EDIT,
        "retrieve": Permission.WORKFLOW_VIEW,
        "partial_update": Permission.WORKFLOW_EDIT,
        "destroy": Permission.WORKFLOW_EDIT,
    }

    def list(self, request: Request, project: str) -> Response:
        """200 with a page, newest first; filters ``status`` and ``agent_id``."""
        rows = list_definitions(self.project_id, _KIND, request.query_params)
        page = page_newest_first(rows, request.query_params, lambda row: row)
        authored = authored_now(page["items"])
        page["items"] = [
            render_loop(row, authored.get(row.id, {})) for row in page["items"]
        ]
        return Response(page)

    def create(self, request: Request, project: str) -> Response:
        """201 with the loop, active if it has steps; 409 when a name is taken."""
        now = clock.now()
        new = read_new_loop(request.data)
        if new.authored and new.authored.get("triggers"):
            self.caller.require(Permission.TRIGGER_MANAGE)

        def act() -> tuple[int, dict[str, Any]]:
            loop = create_definition(
                self.project_id,
                self.caller.organization_id,
                _KIND,
                new,
                created_by=self.caller.principal_id,
                now=now,
            )
            return 201, _shown(loop)

        return act_once(
            request.headers,
            project_id=self.project_id,
            operation="loops.create",
            request=request.data,
            now=now,
            act=act,
        )

    def retrieve(self, request: Request, project: str, loop: str) -> Response:
        """200 with the loop."""
        return Response(_shown(find_definition(self.project_id, _KIND, loop)))

    def partial_update(self, request: Request, project: str, loop: str) -> Response:
        """200; what runs next is what was authored last."""
        changes = read_loop_changes(request.data)
        if changes.authored and "triggers" in changes.authored:
            self.caller.require(Permission.TRIGGER_MANAGE)
        changed = update_definition(
            self.project_id,
            _KIND,
            loop,
            changes,
            changed_by=self.caller.principal_id,
            now=clock.now(),
        )
        return Response(_shown(find_definition(self.project_id, _KIND, changed.id)))

    def destroy(self, request: Request, project: str, loop: str) -> Response:
        """204; its name is free again, its runs stay."""
        retire_definition(self.project_id, _KIND, loop, now=clock.now())
        return Response(status=204)


def _shown(loop: Workflow) -> dict[str, Any]:
    return render_loop(loop, authored_of(loop))
