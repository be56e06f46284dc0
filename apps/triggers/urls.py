"""Paths of triggers, below ``/v1/``."""

from django.urls import path

from apps.triggers.receiving import ReceivingViewSet
from apps.triggers.views import TriggerViewSet

_TRIGGERS = "projects/<str:project>/triggers"
_TRIGGER = f"{_TRIGGERS}/<str:trigger>"
_view = TriggerViewSet.as_view
_receive = ReceivingViewSet.as_view({"post": "receive"})

urlpatterns = [
    path("triggers/http/<str:handle>", _receive),
    path("triggers/webhook/<str:handle>", _receive),
    path(_TRIGGERS, _view({"get": "list", "post": "create"})),
    path(
        _TRIGGER,
        _view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
    ),
    path(f"{_TRIGGER}/fires", _view({"get": "fires"})),
    path(f"{_TRIGGER}/fire", _view({"post": "fire"})),
]
