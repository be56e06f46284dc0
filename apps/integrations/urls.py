"""Paths of integrations and of the catalogue, below ``/v1/``."""

from django.urls import path

from apps.integrations.receiving import ReceivingViewSet
from apps.integrations.views import EventCatalogViewSet, IntegrationViewSet

_INTEGRATIONS = "projects/<str:project>/integrations"
_view = IntegrationViewSet.as_view

urlpatterns = [
    path(
        "integrations/<str:provider>/<str:handle>",
        ReceivingViewSet.as_view({"post": "receive"}),
    ),
    path(_INTEGRATIONS, _view({"get": "list", "post": "create"})),
    path(
        f"{_INTEGRATIONS}/<str:integration>",
        _view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
    ),
    path(
        "projects/<str:project>/catalog/events",
        EventCatalogViewSet.as_view({"get": "list"}),
    ),
]
