"""Paths of access, relative to ``/v1/``."""

from typing import Any

from django.urls import path

from apps.identity.member_views import MemberViewSet
from apps.identity.retention_views import RetentionViewSet
from apps.identity.views import (
    ApiKeyViewSet,
    PrincipalViewSet,
    ProjectDetailViewSet,
    ProjectListViewSet,
    RoleAssignmentViewSet,
    RoleViewSet,
)

_WHOLE: dict[str, Any] = {"get": "list", "post": "create"}
_PROJECT = "projects/<str:project>"

urlpatterns = [
    path("projects", ProjectListViewSet.as_view({"get": "list"})),
    path(_PROJECT, ProjectDetailViewSet.as_view({"get": "retrieve"})),
    path(f"{_PROJECT}/api-keys", ApiKeyViewSet.as_view(_WHOLE)),
    path(
        f"{_PROJECT}/api-keys/<str:key_id>",
        ApiKeyViewSet.as_view({"get": "retrieve", "delete": "destroy"}),
    ),
    path(f"{_PROJECT}/members", MemberViewSet.as_view(_WHOLE)),
    path(
        f"{_PROJECT}/members/<str:user_id>",
        MemberViewSet.as_view({"get": "retrieve", "delete": "destroy"}),
    ),
    path(f"{_PROJECT}/principals", PrincipalViewSet.as_view(_WHOLE)),
    path(
        f"{_PROJECT}/principals/<str:principal_id>",
        PrincipalViewSet.as_view({"get": "retrieve"}),
    ),
    path(
        f"{_PROJECT}/retention",
        RetentionViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
    ),
    path(f"{_PROJECT}/roles", RoleViewSet.as_view({"get": "list"})),
    path(f"{_PROJECT}/role-assignments", RoleAssignmentViewSet.as_view(_WHOLE)),
    path(
        f"{_PROJECT}/role-assignments/<str:assignment_id>",
        RoleAssignmentViewSet.as_view({"delete": "destroy"}),
    ),
]
