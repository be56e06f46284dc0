"""HTTP for members: parse, call one service, render. No rule lives here."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.pagination import page_newest_first
from apps.identity.actor import Actor
from apps.identity.member_rendering import render_member
from apps.identity.member_requests import read_member_roles, read_new_member
from apps.identity.member_selectors import find_member, list_members
from apps.identity.permissions import Permission
from apps.identity.services.add_member import add_member
from apps.identity.services.change_member import change_member
from apps.identity.services.remove_member import remove_member
from apps.identity.viewsets import ProjectViewSet
from apps.kernel import clock


class MemberViewSet(ProjectViewSet):
    """``/v1/projects/{project}/members``: the people of a project."""

    permissions = {
        "list": Permission.PROJECT_VIEW,
        "create": Permission.ACCESS_MANAGE,
        "retrieve": Permission.PROJECT_VIEW,
        "partial_update": Permission.ACCESS_MANAGE,
        "destroy": Permission.ACCESS_MANAGE,
    }
    while_archived = ("destroy",)

    def list(self, request: Request, project: str) -> Response:
        """200 with a page, newest first."""
        rows = list_members(self.project_id)
        return Response(page_newest_first(rows, request.query_params, render_member))

    def create(self, request: Request, project: str) -> Response:
        """201 with who became a member; 200 with who is one already, unchanged."""
        now = clock.now()
        new = read_new_member(request.data)

        def act() -> tuple[int, dict[str, Any]]:
            by = Actor.of_caller(self.caller)
            added = add_member(self.project_id, new, by=by, now=now)
            status = 201 if added.is_new else 200
            return status, self._render(added.principal.pk)

        return self.answer_once(request, "members.create", act, now=now)

    def retrieve(self, request: Request, project: str, user_id: str) -> Response:
        """200 with one member."""
        return Response(self._render(user_id))

    def partial_update(self, request: Request, project: str, user_id: str) -> Response:
        """200 with the member and its new roles, which replace those of before."""
        role_ids, role_names = read_member_roles(request.data)
        changed = change_member(
            self.project_id,
            user_id,
            role_ids=role_ids,
            role_names=role_names,
            by=Actor.of_caller(self.caller),
            now=clock.now(),
        )
        return Response(render_member(changed))

    def destroy(self, request: Request, project: str, user_id: str) -> Response:
        """204; 409 for the last who can manage access."""
        by = Actor.of_caller(self.caller)
        remove_member(self.project_id, user_id, by=by, now=clock.now())
        return Response(status=204)

    def _render(self, user_id: str) -> dict[str, Any]:
        return render_member(find_member(self.project_id, user_id))
