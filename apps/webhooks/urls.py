"""Paths of webhooks, below ``/v1/``."""

from django.urls import path

from apps.webhooks.views import WebhookDeliveryViewSet, WebhookViewSet

_WEBHOOKS = "projects/<str:project>/webhooks"
_ONE = f"{_WEBHOOKS}/<str:webhook>"
_view = WebhookViewSet.as_view
_deliveries = WebhookDeliveryViewSet.as_view

urlpatterns = [
    path(_WEBHOOKS, _view({"get": "list", "post": "create"})),
    path(
        _ONE,
        _view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
    ),
    path(f"{_ONE}/secret/rotate", _view({"post": "rotate"})),
    path(f"{_ONE}/ping", _view({"post": "ping"})),
    path(f"{_ONE}/deliveries", _deliveries({"get": "list"})),
    path(f"{_ONE}/deliveries/<str:delivery_id>", _deliveries({"get": "retrieve"})),
    path(
        f"{_ONE}/deliveries/<str:delivery_id>/redeliver",
        _deliveries({"post": "redeliver"}),
    ),
]
