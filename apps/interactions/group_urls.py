"""Paths of groups, below ``/v1/``."""

from django.urls import path

from apps.interactions.group_views import (
    GroupMemberViewSet,
    GroupViewSet,
    MemberGroupViewSet,
)

_GROUPS = "projects/<str:project>/groups"
_GROUP = f"{_GROUPS}/<str:group>"
_members = GroupMemberViewSet.as_view

urlpatterns = [
    path(_GROUPS, GroupViewSet.as_view({"get": "list", "post": "create"})),
    path(
        _GROUP,
        GroupViewSet.as_view(
            {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}
        ),
    ),
    path(f"{_GROUP}/members", _members({"get": "list", "post": "create"})),
    path(f"{_GROUP}/members/<str:user_id>", _members({"delete": "destroy"})),
    path(
        "projects/<str:project>/members/<str:user_id>/groups",
        MemberGroupViewSet.as_view({"get": "list"}),
    ),
]
