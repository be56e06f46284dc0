"""Paths of secrets, below ``/v1/``."""

from django.urls import path

from apps.secrets.views import SecretVersionViewSet, SecretViewSet

_SECRETS = "projects/<str:project>/secrets"
_SECRET = f"{_SECRETS}/<str:secret>"
_versions = SecretVersionViewSet.as_view

urlpatterns = [
    path(_SECRETS, SecretViewSet.as_view({"get": "list", "post": "create"})),
    path(
        _SECRET,
        SecretViewSet.as_view(
            {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}
        ),
    ),
    path(f"{_SECRET}/versions", _versions({"get": "list"})),
    path(f"{_SECRET}/versions/<str:number>", _versions({"get": "retrieve"})),
]
