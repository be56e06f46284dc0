"""Paths of source events, below ``/v1/``. The list is where they are published, in
``apps.runs.urls``."""

from django.urls import path

from apps.source_events.views import SourceEventViewSet

_EVENTS = "projects/<str:project>/source-events"
_view = SourceEventViewSet.as_view

urlpatterns = [
    path(f"{_EVENTS}/<str:event_id>", _view({"get": "retrieve"})),
]
