"""Paths of the audit log, below ``/v1/``."""

from django.urls import path

from apps.audit.views import OrganizationLogViewSet, ProjectLogViewSet

urlpatterns = [
    path("audit-logs", OrganizationLogViewSet.as_view({"get": "list"})),
    path(
        "projects/<str:project>/audit-logs", ProjectLogViewSet.as_view({"get": "list"})
    ),
]
