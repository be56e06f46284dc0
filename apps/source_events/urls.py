"""Paths of source events, below ``/v1/``."""

from django.urls import path

from apps.source_events.views import SourceEventViewSet

_EVENTS = "projects/<str:project>/source-events"
_view = SourceEventViewSet.as_view

urlpatterns = [
    path(_EVENTS, _view({"get": "list", "post": "create"})),
    path(f"{_EVENTS}/<str:event_id>", _view({"get": "retrieve"})),
]
