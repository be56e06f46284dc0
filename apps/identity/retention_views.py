"""HTTP for how long a project keeps what is over."""

from rest_framework.request import Request
from rest_framework.response import Response

from apps.identity.models import Project
from apps.identity.permissions import Permission
from apps.identity.retention import read_retention, render_retention
from apps.identity.services.set_retention import set_retention
from apps.identity.viewsets import ProjectViewSet
from apps.kernel import clock


class RetentionViewSet(ProjectViewSet):
    """``/v1/projects/{project}/retention``."""

    permissions = {
        "retrieve": Permission.PROJECT_VIEW,
        "partial_update": Permission.PROJECT_ADMIN,
    }

    def retrieve(self, request: Request, project: str) -> Response:
        """200 with the project's settings and what is in force."""
        return Response(render_retention(Project.objects.get(pk=self.project_id)))

    def partial_update(self, request: Request, project: str) -> Response:
        """200 with the changed settings; null sets one back to the server's default."""
        changes = read_retention(request.data)
        changed = set_retention(self.project_id, changes, now=clock.now())
        return Response(render_retention(changed))
