"""The audit log over HTTP."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.pagination import page_newest_first
from apps.audit.models import AuditRecord
from apps.audit.renderings import render_record
from apps.audit.selectors import filtered_records
from apps.identity.permissions import Permission
from apps.identity.viewsets import CallerViewSet, ProjectViewSet


class OrganizationLogViewSet(CallerViewSet):
    """``/v1/audit-logs``: all of it for who manages projects, and for the
    organization's keys; else one's own project."""

    permissions: ClassVar = {"list": Permission.AUDIT_VIEW}

    def list(self, request: Request) -> Response:
        """200 with a page, newest first."""
        rows = AuditRecord.objects.filter(organization_id=self.caller.organization_id)
        caller = self.caller
        if not (caller.of_organization or caller.may(Permission.ORG_PROJECTS_MANAGE)):
            rows = rows.filter(project_id=caller.project_id)
        rows = filtered_records(rows, request.query_params)
        return Response(page_newest_first(rows, request.query_params, render_record))


class ProjectLogViewSet(ProjectViewSet):
    """``/v1/projects/{project}/audit-logs``."""

    permissions: ClassVar = {"list": Permission.AUDIT_VIEW}

    def list(self, request: Request, project: str) -> Response:
        """200 with a page, newest first."""
        rows = AuditRecord.objects.filter(project_id=self.project_id)
        rows = filtered_records(rows, request.query_params)
        return Response(page_newest_first(rows, request.query_params, render_record))
