"""Paths of access, relative to ``/v1/``."""

from typing import Any

from django.urls import path

from apps.identity.key_views import ApiKeyViewSet
from apps.identity.member_views import MemberViewSet
from apps.identity.organization_key_views import OrganizationKeyViewSet
from apps.identity.principal_views import PrincipalViewSet
from apps.identity.project_views import (
    CapabilityViewSet,
    ProjectDetailViewSet,
    ProjectListViewSet,
)
from apps.identity.retention_views import RetentionViewSet
from apps.identity.role_views import (
    PermissionViewSet,
    RoleAssignmentViewSet,
    RoleViewSet,
)
from apps.identity.service_account_views import ServiceAccountViewSet

_WHOLE: dict[str, Any] = {"get": "list", "post": "create"}
_FIXED: dict[str, Any] = {"get": "retrieve", "delete": "destroy"}
_ONE: dict[str, Any] = {**_FIXED, "patch": "partial_update"}
_PROJECT = "projects/<str:project>"

urlpatterns = [
    path("api-keys", OrganizationKeyViewSet.as_view(_WHOLE)),
    path("api-keys/<str:key_id>", OrganizationKeyViewSet.as_view(_ONE)),
    path(
        "api-keys/<str:key_id>/rotate",
        OrganizationKeyViewSet.as_view({"post": "rotate"}),
    ),
    path("projects", ProjectListViewSet.as_view(_WHOLE)),
    path(_PROJECT, ProjectDetailViewSet.as_view(_ONE)),
    path(f"{_PROJECT}/archive", ProjectDetailViewSet.as_view({"post": "archive"})),
    path(f"{_PROJECT}/restore", ProjectDetailViewSet.as_view({"post": "restore"})),
    path(f"{_PROJECT}/api-keys", ApiKeyViewSet.as_view(_WHOLE)),
    path(f"{_PROJECT}/api-keys/<str:key_id>", ApiKeyViewSet.as_view(_ONE)),
    path(
        f"{_PROJECT}/api-keys/<str:key_id>/rotate",
        ApiKeyViewSet.as_view({"post": "rotate"}),
    ),
    path(f"{_PROJECT}/capabilities", CapabilityViewSet.as_view({"get": "retrieve"})),
    path(f"{_PROJECT}/members", MemberViewSet.as_view(_WHOLE)),
    path(f"{_PROJECT}/members/<str:user_id>", MemberViewSet.as_view(_ONE)),
    path(f"{_PROJECT}/permissions", PermissionViewSet.as_view({"get": "list"})),
    path(f"{_PROJECT}/principals", PrincipalViewSet.as_view(_WHOLE)),
    path(f"{_PROJECT}/principals/<str:principal_id>", PrincipalViewSet.as_view(_ONE)),
    path(f"{_PROJECT}/service-accounts", ServiceAccountViewSet.as_view(_WHOLE)),
    path(
        f"{_PROJECT}/service-accounts/<str:account_id>",
        ServiceAccountViewSet.as_view(_ONE),
    ),
    path(
        f"{_PROJECT}/retention",
        RetentionViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
    ),
    path(f"{_PROJECT}/roles", RoleViewSet.as_view(_WHOLE)),
    path(f"{_PROJECT}/roles/<str:role_id>", RoleViewSet.as_view(_ONE)),
    path(f"{_PROJECT}/role-assignments", RoleAssignmentViewSet.as_view(_WHOLE)),
    path(
        f"{_PROJECT}/role-assignments/<str:assignment_id>",
        RoleAssignmentViewSet.as_view(_FIXED),
    ),
]
