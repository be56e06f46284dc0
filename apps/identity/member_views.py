"""HTTP for members: parse, call one service, render. No rule lives here."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.pagination import page_newest_first
from apps.identity.member_rendering import render_member
from apps.identity.member_requests import read_new_member
from apps.identity.member_selectors import find_member, list_members
from apps.identity.permissions import Permission
from apps.identity.services.add_member import add_member
from apps.identity.services.remove_member import remove_member
from apps.identity.viewsets import ProjectViewSet
from apps.kernel import clock


class MemberViewSet(ProjectViewSet):
    """``/v1/projects/{project}/members``: the people of a project."""

    permissions = {
        "list": Permission.PROJECT_VIEW,
        "create": Permission.ACCESS_MANAGE,
        "retrieve": Permission.PROJECT_VIEW,
        "destroy": Permission.ACCESS_MANAGE,
    }

    def list(self, request: Request, project: str) -> Response:
        """200 with a page, newest first."""
        rows = list_members(self.project_id)
        return Response(page_newest_first(rows, request.query_params, render_member))

    def create(self, request: Request, project: str) -> Response:
        """201 with who became a member; 200 with who is one already, unchanged."""
        added = add_member(
            self.project_id,
            read_new_member(request.data),
            within=self.caller.permissions,
            now=clock.now(),
        )
        status = 201 if added.is_new else 200
        return Response(self._render(added.principal.pk), status=status)

    def retrieve(self, request: Request, project: str, user_id: str) -> Response:
        """200 with one member."""
        return Response(self._render(user_id))

    def destroy(self, request: Request, project: str, user_id: str) -> Response:
        """204; 400 for the last who can manage access."""
        remove_member(self.project_id, user_id, now=clock.now())
        return Response(status=204)

    def _render(self, user_id: str) -> dict[str, Any]:
        return render_member(find_member(self.project_id, user_id))
