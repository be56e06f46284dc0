"""HTTP for actions, the catalogue and the log: parse, call one service, render."""

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.actions.catalog import find_entry, list_entries
from apps.actions.models import EndpointKind
from apps.actions.renderings import (
    render_action,
    render_entry,
    render_invocation,
    render_key,
)
from apps.actions.requests import read_changes, read_new_action
from apps.actions.selectors import find_action, find_invocation, list_invocations
from apps.actions.services.create_action import create_action
from apps.actions.services.delete_action import delete_action
from apps.actions.services.rotate_key import rotate_key
from apps.actions.services.update_action import update_action
from apps.api.pagination import (
    decode_cursor,
    encode_cursor,
    page_newest_first,
    read_limit,
)
from apps.identity.permissions import Permission
from apps.identity.viewsets import ProjectViewSet
from apps.kernel import clock


class ActionViewSet(ProjectViewSet):
    """``/v1/projects/{project}/actions``: what can be called, and the project's own."""

    permissions: ClassVar = {
        "list": Permission.ACTION_VIEW,
        "create": Permission.ACTION_MANAGE,
        "retrieve": Permission.ACTION_VIEW,
        "partial_update": Permission.ACTION_MANAGE,
        "destroy": Permission.ACTION_MANAGE,
        "rotate": Permission.ACTION_MANAGE,
    }

    def list(self, request: Request, project: str) -> Response:
        """200 with a page of the catalogue, by name."""
        entries = list_entries(self.project_id, now=clock.now())
        query = request.query_params
        limit, cursor = read_limit(query), query.get("cursor")
        if cursor:
            last = str(decode_cursor(cursor, 1)[0])
            entries = [entry for entry in entries if entry.name > last]
        page: dict[str, Any] = {
            "items": [render_entry(entry) for entry in entries[:limit]],
            "has_more": len(entries) > limit,
        }
        if page["has_more"]:
            page["next_cursor"] = encode_cursor(entries[limit - 1].name)
        return Response(page)

    def create(self, request: Request, project: str) -> Response:
        """201 with the action and, this once, the key that signs its calls."""
        action, shown = create_action(
            self.project_id,
            read_new_action(request.data),
            created_by=self.caller.principal_id,
            now=clock.now(),
        )
        return Response(render_action(action, shown_key=shown), status=201)

    def retrieve(self, request: Request, project: str, name: str) -> Response:
        """200 with the action as the catalogue shows it."""
        entry = find_entry(self.project_id, name, now=clock.now())
        return Response(render_entry(entry))

    def partial_update(self, request: Request, project: str, name: str) -> Response:
        """200; schemas, annotations and tags are replaced as a whole."""
        action = find_action(self.project_id, name)
        is_http = action.endpoint_kind == EndpointKind.HTTP
        changes = read_changes(request.data, is_http=is_http)
        changed = update_action(self.project_id, name, changes, now=clock.now())
        return Response(render_action(changed))

    def destroy(self, request: Request, project: str, name: str) -> Response:
        """204; the log of its calls stays."""
        delete_action(self.project_id, name)
        return Response(status=204)

    def rotate(self, request: Request, project: str, name: str) -> Response:
        """200 with the new key, this once; calls are signed with it from now on."""
        action, shown = rotate_key(self.project_id, name, now=clock.now())
        return Response(render_key(action, shown))


class InvocationViewSet(ProjectViewSet):
    """``/v1/projects/{project}/invocations``: the log of what was called."""

    permissions: ClassVar = {
        "list": Permission.ACTION_VIEW,
        "retrieve": Permission.ACTION_VIEW,
    }

    def list(self, request: Request, project: str) -> Response:
        """200 with a page, newest first; filters ``action_name``, ``action_id``,
        ``run_id``, ``job_id``, ``status``."""
        query = request.query_params
        rows = list_invocations(self.project_id, query)
        return Response(page_newest_first(rows, query, render_invocation))

    def retrieve(self, request: Request, project: str, invocation_id: str) -> Response:
        """200 with one call."""
        found = find_invocation(self.project_id, invocation_id)
        return Response(render_invocation(found))
