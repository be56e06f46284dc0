"""Diagnoses and figures over HTTP."""

from rest_framework.request import Request
from rest_framework.response import Response

from apps.diagnosis.figures import project_figures
from apps.diagnosis.renderings import render_diagnosis, render_figures
from apps.diagnosis.services.diagnose import diagnose
from apps.identity.permissions import Permission
from apps.identity.viewsets import ProjectViewSet
from apps.kernel import clock


class DiagnosisViewSet(ProjectViewSet):
    """Why a run does not move; how the project is doing."""

    permissions = {"run": Permission.RUN_VIEW, "figures": Permission.RUN_VIEW}

    def run(self, request: Request, project: str, run_id: str) -> Response:
        """200 with every reason, causes first."""
        return Response(
            render_diagnosis(diagnose(self.project_id, run_id, now=clock.now()))
        )

    def figures(self, request: Request, project: str) -> Response:
        """200 with the figures of the last hour."""
        return Response(
            render_figures(project_figures(self.project_id, now=clock.now()))
        )
