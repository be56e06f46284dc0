"""HTTP for roles, who holds them, and what they can allow."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.pagination import page_newest_first, page_of_all
from apps.api.tags import filter_by_tags
from apps.identity import selectors
from apps.identity.actor import Actor
from apps.identity.permissions import Permission
from apps.identity.rendering import render_assignment, render_role
from apps.identity.role_rendering import render_catalogue
from apps.identity.role_requests import (
    read_assignment,
    read_new_role,
    read_role_changes,
)
from apps.identity.services.assign_role import assign_role
from apps.identity.services.create_role import create_role
from apps.identity.services.delete_role import delete_role
from apps.identity.services.unassign_role import unassign_role
from apps.identity.services.update_role import update_role
from apps.identity.viewsets import ProjectViewSet
from apps.kernel import clock


class PermissionViewSet(ProjectViewSet):
    """``/v1/projects/{project}/permissions``: what a role can allow."""

    permissions = {"list": Permission.PROJECT_VIEW}

    def list(self, request: Request, project: str) -> Response:
        """200 with the whole catalogue, the same for every project; with ``limit`` a
        page of it."""
        whole = render_catalogue()
        numbered = list(enumerate(whole["items"]))
        page = page_of_all(numbered, request.query_params, lambda one: one[:1])
        page["items"] = [item for _, item in page["items"]]
        return Response({**whole, **page, "permissions": page["items"]})


class RoleViewSet(ProjectViewSet):
    """``/v1/projects/{project}/roles``."""

    permissions = {
        "list": Permission.PROJECT_VIEW,
        "create": Permission.ACCESS_MANAGE,
        "retrieve": Permission.PROJECT_VIEW,
        "partial_update": Permission.ACCESS_MANAGE,
        "destroy": Permission.ACCESS_MANAGE,
    }

    def list(self, request: Request, project: str) -> Response:
        """200 with a page of the roles that can be assigned here; ``tag`` filters."""
        query = request.query_params
        rows = filter_by_tags(
            selectors.list_roles(self.project_id), query.getlist("tag")
        )
        return Response(page_newest_first(rows, query, render_role))

    def create(self, request: Request, project: str) -> Response:
        """201 with a role of the project's own; 409 when the name is taken."""
        now = clock.now()
        new = read_new_role(request.data)

        def act() -> tuple[int, dict[str, Any]]:
            by = Actor.of_caller(self.caller)
            return 201, render_role(create_role(self.project_id, new, by=by, now=now))

        return self.answer_once(request, "roles.create", act, now=now)

    def retrieve(self, request: Request, project: str, role_id: str) -> Response:
        """200 with one role."""
        return Response(render_role(selectors.find_role(self.project_id, role_id)))

    def partial_update(self, request: Request, project: str, role_id: str) -> Response:
        """200; 403 for a built-in role."""
        changed = update_role(
            self.project_id,
            role_id,
            read_role_changes(request.data),
            by=Actor.of_caller(self.caller),
            now=clock.now(),
        )
        return Response(render_role(changed))

    def destroy(self, request: Request, project: str, role_id: str) -> Response:
        """204: gone, and taken from all who held it; 403 for a built-in role."""
        by = Actor.of_caller(self.caller)
        delete_role(self.project_id, role_id, by=by, now=clock.now())
        return Response(status=204)


class RoleAssignmentViewSet(ProjectViewSet):
    """``/v1/projects/{project}/role-assignments``."""

    permissions = {
        "list": Permission.PROJECT_VIEW,
        "create": Permission.ACCESS_MANAGE,
        "retrieve": Permission.PROJECT_VIEW,
        "destroy": Permission.ACCESS_MANAGE,
    }
    while_archived = ("destroy",)

    def list(self, request: Request, project: str) -> Response:
        """200 with a page; ``principal_id`` (or ``user_id``) and ``role_id`` filter."""
        query = request.query_params
        rows = selectors.list_assignments(self.project_id)
        for field, column in (
            ("principal_id", "principal_id"),
            ("user_id", "principal_id"),
            ("role_id", "role_id"),
        ):
            if value := query.get(field):
                rows = rows.filter(**{column: value})
        return Response(page_newest_first(rows, query, render_assignment))

    def create(self, request: Request, project: str) -> Response:
        """201: the principal has the role, named by exactly one of id and name."""
        now = clock.now()
        principal_id, role_id, role_name = read_assignment(request.data)

        def act() -> tuple[int, dict[str, Any]]:
            given = assign_role(
                selectors.find_principal(self.project_id, principal_id),
                selectors.find_role(self.project_id, role_id, name=role_name),
                by=Actor.of_caller(self.caller),
                now=now,
            )
            return 201, render_assignment(given)

        return self.answer_once(request, "role-assignments.create", act, now=now)

    def retrieve(self, request: Request, project: str, assignment_id: str) -> Response:
        """200 with who holds which role."""
        found = selectors.find_assignment(self.project_id, assignment_id)
        return Response(render_assignment(found))

    def destroy(self, request: Request, project: str, assignment_id: str) -> Response:
        """204: the role is taken away."""
        unassign_role(
            selectors.find_assignment(self.project_id, assignment_id),
            by=Actor.of_caller(self.caller),
            now=clock.now(),
        )
        return Response(status=204)
