"""Paths of definitions, below ``/v1/``. Their runs are paths of ``apps.runs``."""

from django.urls import path

from apps.workflows.views import WorkflowVersionViewSet, WorkflowViewSet

_WORKFLOWS = "projects/<str:project>/workflows"
_WORKFLOW = f"{_WORKFLOWS}/<str:workflow>"
_versions = WorkflowVersionViewSet.as_view

urlpatterns = [
    path(_WORKFLOWS, WorkflowViewSet.as_view({"get": "list", "post": "create"})),
    path(
        _WORKFLOW,
        WorkflowViewSet.as_view(
            {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}
        ),
    ),
    path(f"{_WORKFLOW}/versions", _versions({"get": "list"})),
    path(f"{_WORKFLOW}/versions/<str:number>", _versions({"get": "retrieve"})),
]
