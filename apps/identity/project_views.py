"""HTTP for projects: parse, call one service, render. No rule lives here."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.pagination import page_newest_first
from apps.identity.actor import Actor
from apps.identity.permissions import Permission
from apps.identity.project_requests import read_founding, read_project_changes
from apps.identity.project_selectors import list_projects, reach_project
from apps.identity.rendering import render_project
from apps.identity.services.archive_project import archive_project
from apps.identity.services.found_project import found_project
from apps.identity.services.restore_project import restore_project
from apps.identity.services.update_project import update_project
from apps.identity.viewsets import CallerViewSet, ProjectViewSet
from apps.kernel import clock


class ProjectListViewSet(CallerViewSet):
    """``/v1/projects``: one's own; with the organization's permission all of it."""

    permissions = {
        "list": Permission.PROJECT_VIEW,
        "create": Permission.ORG_PROJECTS_MANAGE,
    }

    def list(self, request: Request) -> Response:
        """200 with a page, newest first; ``status``, ``search`` and ``tag`` filter."""
        query = request.query_params
        rows = list_projects(
            self.caller,
            status=query.get("status", ""),
            search=query.get("search", ""),
            tags=query.getlist("tag"),
        )
        return Response(page_newest_first(rows, query, render_project))

    def create(self, request: Request) -> Response:
        """201 with the project and its first principal; with ``key_name`` also with a
        key of it in ``key``, this once. 409 when the handle is taken."""
        now = clock.now()
        founding = read_founding(request.data)
        shown: dict[str, Any] = {}

        def act() -> tuple[int, dict[str, Any]]:
            made = found_project(
                self.caller.organization_id,
                founding.project,
                founder_name=self.caller.principal_name,
                key_name=founding.key_name,
                by=Actor.of_caller(self.caller),
                now=now,
            )
            body = {**render_project(made.project), "principal_id": made.founder.id}
            if made.key is not None:
                body["key_id"] = made.key.row.id
                shown["key"] = made.key.secret
            return 201, body

        answer = self.answer_once(request, "projects.create", act, now=now)
        answer.data = {**answer.data, **shown}
        return answer


class ProjectDetailViewSet(CallerViewSet):
    """``/v1/projects/{project}``, by handle or id."""

    permissions = {
        "retrieve": Permission.PROJECT_VIEW,
        "partial_update": Permission.PROJECT_ADMIN,
        "destroy": Permission.ORG_PROJECTS_MANAGE,
        "archive": Permission.ORG_PROJECTS_MANAGE,
        "restore": Permission.ORG_PROJECTS_MANAGE,
    }

    def enter(self, **kwargs: Any) -> None:
        """Find ``{project}``.

        Raises:
            NotFound: it does not exist for the caller.
        """
        if self.caller.of_organization:
            self.caller = self.caller.inside(kwargs["project"])
        self.found = reach_project(self.caller, kwargs["project"])

    def retrieve(self, request: Request, project: str) -> Response:
        """200 with the project, an archived one too."""
        return Response(render_project(self.found))

    def partial_update(self, request: Request, project: str) -> Response:
        """200; 409 for an archived project."""
        changed = update_project(
            self.found.id,
            read_project_changes(request.data),
            by=Actor.of_caller(self.caller),
            now=clock.now(),
        )
        return Response(render_project(changed))

    def archive(self, request: Request, project: str) -> Response:
        """200 with the project, also when it was archived before."""
        return Response(render_project(self._archive()))

    def destroy(self, request: Request, project: str) -> Response:
        """204: the project is archived, nothing is lost."""
        self._archive()
        return Response(status=204)

    def restore(self, request: Request, project: str) -> Response:
        """200 with the project, also when it was not archived."""
        by = Actor.of_caller(self.caller)
        restored = restore_project(self.found.id, by=by, now=clock.now())
        return Response(render_project(restored))

    def _archive(self) -> Any:
        by = Actor.of_caller(self.caller)
        return archive_project(self.found.id, by=by, now=clock.now())


class CapabilityViewSet(ProjectViewSet):
    """``/v1/projects/{project}/capabilities``: which pages to show to the caller."""

    permissions = {"retrieve": Permission.PROJECT_VIEW}

    def retrieve(self, request: Request, project: str) -> Response:
        """200 with ``{can_manage_project, can_manage_access}``."""
        return Response(
            {
                "can_manage_project": self.caller.may(Permission.PROJECT_ADMIN),
                "can_manage_access": self.caller.may(Permission.ACCESS_MANAGE),
            }
        )
