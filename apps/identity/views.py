"""HTTP for access: parse, call one service, render. No rule lives here."""

from typing import Any

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.body import Body
from apps.api.pagination import page_newest_first
from apps.identity import selectors
from apps.identity.member_requests import is_email
from apps.identity.models import PrincipalKind, Project
from apps.identity.permissions import Permission
from apps.identity.rendering import (
    render_assignment,
    render_key,
    render_principal,
    render_project,
    render_role,
)
from apps.identity.services.assign_role import assign_role
from apps.identity.services.create_principal import create_principal
from apps.identity.services.issue_key import issue_key
from apps.identity.services.revoke_key import revoke_key
from apps.identity.services.unassign_role import unassign_role
from apps.identity.viewsets import CallerViewSet, ProjectViewSet
from apps.kernel import clock
from apps.kernel.ids import ID_LENGTH_MAX

#: Kinds a caller can create; the system's own principals are not among them.
CREATABLE_KINDS = (PrincipalKind.SERVICE, PrincipalKind.AGENT, PrincipalKind.HUMAN)


def _asks(request: Request, name: str) -> bool:
    return request.query_params.get(name, "").lower() in ("true", "1")


class ProjectListViewSet(CallerViewSet):
    """``/v1/projects``: a key sees the one project it lives in."""

    permissions = {"list": Permission.PROJECT_VIEW}

    def list(self, request: Request) -> Response:
        """Return a page with the caller's project."""
        rows = Project.objects.filter(pk=self.caller.project_id)
        return Response(page_newest_first(rows, request.query_params, render_project))


class ProjectDetailViewSet(ProjectViewSet):
    """``/v1/projects/{project}``."""

    permissions = {"retrieve": Permission.PROJECT_VIEW}

    def retrieve(self, request: Request, project: str) -> Response:
        """Return the caller's project."""
        return Response(render_project(Project.objects.get(pk=self.project_id)))


class ApiKeyViewSet(ProjectViewSet):
    """``/v1/projects/{project}/api-keys``."""

    permissions = {
        "list": Permission.ACCESS_MANAGE,
        "create": Permission.ACCESS_MANAGE,
        "retrieve": Permission.ACCESS_MANAGE,
        "destroy": Permission.ACCESS_MANAGE,
    }

    def list(self, request: Request, project: str) -> Response:
        """Return keys, newest first; revoked ones with ``include_revoked=true``."""
        rows = selectors.list_keys(self.project_id)
        if not _asks(request, "include_revoked"):
            rows = rows.filter(revoked_at=None)
        return Response(page_newest_first(rows, request.query_params, render_key))

    def create(self, request: Request, project: str) -> Response:
        """Issue a key; 201 holds the secret in ``key``, this once."""
        body = Body(request.data)
        name = body.text("name", max_length=128)
        principal_id = body.text("principal_id", max_length=ID_LENGTH_MAX)
        expires_at = body.moment("expires_at", default=None)
        body.finish()
        issued = issue_key(
            selectors.find_principal(self.project_id, principal_id),
            name=name,
            expires_at=expires_at,
            within=self.caller.permissions,
            now=clock.now(),
        )
        return Response({**render_key(issued.row), "key": issued.secret}, status=201)

    def retrieve(self, request: Request, project: str, key_id: str) -> Response:
        """Return one key, a revoked one too."""
        return Response(render_key(selectors.find_key(self.project_id, key_id)))

    def destroy(self, request: Request, project: str, key_id: str) -> Response:
        """Revoke a key. 204, also when it was revoked before."""
        revoke_key(selectors.find_key(self.project_id, key_id), now=clock.now())
        return Response(status=204)


class PrincipalViewSet(ProjectViewSet):
    """``/v1/projects/{project}/principals``."""

    permissions = {
        "list": Permission.PROJECT_VIEW,
        "create": Permission.ACCESS_MANAGE,
        "retrieve": Permission.PROJECT_VIEW,
    }

    def list(self, request: Request, project: str) -> Response:
        """Return principals, newest first; ``kind`` and ``include_disabled`` filter."""
        rows = selectors.list_principals(self.project_id)
        if kind := request.query_params.get("kind"):
            rows = rows.filter(kind=kind)
        if not _asks(request, "include_disabled"):
            rows = rows.filter(disabled=False)
        return Response(page_newest_first(rows, request.query_params, render_principal))

    def create(self, request: Request, project: str) -> Response:
        """Create a principal with its roles."""
        body = Body(request.data)
        name = body.text("name", max_length=128)
        kind = body.text("kind", max_length=16, choices=CREATABLE_KINDS)
        email = body.text("email", default="", max_length=254)
        role_names = body.texts("role_names", default=[], max_items=20)
        if email and not is_email(email):
            body.problem("email", "expected an e-mail address")
        body.finish()
        principal = create_principal(
            self.project_id,
            name=name,
            kind=PrincipalKind(kind),
            email=email,
            role_names=role_names,
            within=self.caller.permissions,
            now=clock.now(),
        )
        return Response(self._render(principal.id), status=201)

    def retrieve(self, request: Request, project: str, principal_id: str) -> Response:
        """Return one principal."""
        return Response(self._render(principal_id))

    def _render(self, principal_id: str) -> dict[str, Any]:
        return render_principal(selectors.find_principal(self.project_id, principal_id))


class RoleViewSet(ProjectViewSet):
    """``/v1/projects/{project}/roles``."""

    permissions = {"list": Permission.PROJECT_VIEW}

    def list(self, request: Request, project: str) -> Response:
        """Return the roles that can be assigned here."""
        rows = selectors.list_roles(self.project_id)
        return Response(page_newest_first(rows, request.query_params, render_role))


class RoleAssignmentViewSet(ProjectViewSet):
    """``/v1/projects/{project}/role-assignments``."""

    permissions = {
        "list": Permission.PROJECT_VIEW,
        "create": Permission.ACCESS_MANAGE,
        "destroy": Permission.ACCESS_MANAGE,
    }

    def list(self, request: Request, project: str) -> Response:
        """Return who holds what; ``principal_id`` and ``role_id`` filter."""
        rows = selectors.list_assignments(self.project_id)
        for field in ("principal_id", "role_id"):
            if value := request.query_params.get(field):
                rows = rows.filter(**{field: value})
        return Response(
            page_newest_first(rows, request.query_params, render_assignment)
        )

    def create(self, request: Request, project: str) -> Response:
        """Give a principal a role, named by exactly one of its id and its name."""
        body = Body(request.data)
        principal_id = body.text("principal_id", max_length=ID_LENGTH_MAX)
        role_id = body.text("role_id", default="", max_length=ID_LENGTH_MAX)
        role_name = body.text("role_name", default="", max_length=64)
        if body.has("role_id") == body.has("role_name"):
            body.problem("role_id", "expected exactly one of role_id and role_name")
        body.finish()
        with transaction.atomic():
            assignment = assign_role(
                selectors.find_principal(self.project_id, principal_id),
                selectors.find_role(self.project_id, role_id, name=role_name),
                within=self.caller.permissions,
                now=clock.now(),
            )
        return Response(render_assignment(assignment), status=201)

    def destroy(self, request: Request, project: str, assignment_id: str) -> Response:
        """Take the role away."""
        unassign_role(selectors.find_assignment(self.project_id, assignment_id))
        return Response(status=204)
