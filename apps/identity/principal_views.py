"""HTTP for principals: parse, call one service, render. No rule lives here."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.pagination import page_newest_first
from apps.api.tags import filter_by_tags
from apps.identity import selectors
from apps.identity.actor import Actor
from apps.identity.permissions import Permission
from apps.identity.principal_requests import read_new_principal, read_principal_changes
from apps.identity.queries import asks
from apps.identity.rendering import render_principal
from apps.identity.services.create_principal import create_principal
from apps.identity.services.delete_principal import delete_principal
from apps.identity.services.update_principal import update_principal
from apps.identity.viewsets import ProjectViewSet
from apps.kernel import clock


class PrincipalViewSet(ProjectViewSet):
    """``/v1/projects/{project}/principals``."""

    permissions = {
        "list": Permission.PROJECT_VIEW,
        "create": Permission.ACCESS_MANAGE,
        "retrieve": Permission.PROJECT_VIEW,
        "partial_update": Permission.ACCESS_MANAGE,
        "destroy": Permission.ACCESS_MANAGE,
    }

    def list(self, request: Request, project: str) -> Response:
        """200 with a page, newest first; ``kind``, ``tag`` and ``include_disabled``
        filter."""
        query = request.query_params
        rows = selectors.list_principals(self.project_id).filter(deleted_at=None)
        if kind := query.get("kind"):
            rows = rows.filter(kind=kind)
        if not asks(query, "include_disabled"):
            rows = rows.filter(disabled=False)
        rows = filter_by_tags(rows, query.getlist("tag"))
        return Response(page_newest_first(rows, query, render_principal))

    def create(self, request: Request, project: str) -> Response:
        """201 with the principal and its roles; 409 when the name is taken."""
        now = clock.now()
        new = read_new_principal(request.data)

        def act() -> tuple[int, dict[str, Any]]:
            by = Actor.of_caller(self.caller)
            made = create_principal(self.project_id, new, by=by, now=now)
            return 201, self._render(made.id)

        return self.answer_once(request, "principals.create", act, now=now)

    def retrieve(self, request: Request, project: str, principal_id: str) -> Response:
        """200 with one principal, a deleted one too: what it did names it."""
        return Response(self._render(principal_id))

    def partial_update(
        self, request: Request, project: str, principal_id: str
    ) -> Response:
        """200; with ``state`` it is disabled or active from the next request on."""
        changed = update_principal(
            self.project_id,
            principal_id,
            read_principal_changes(request.data),
            by=Actor.of_caller(self.caller),
            now=clock.now(),
        )
        return Response(render_principal(changed))

    def destroy(self, request: Request, project: str, principal_id: str) -> Response:
        """204; 409 while it has live keys."""
        by = Actor.of_caller(self.caller)
        delete_principal(self.project_id, principal_id, by=by, now=clock.now())
        return Response(status=204)

    def _render(self, principal_id: str) -> dict[str, Any]:
        return render_principal(selectors.find_principal(self.project_id, principal_id))
