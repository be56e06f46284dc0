"""Paths of questions, below ``/v1/``."""

from django.urls import path

from apps.interactions.views import InteractionViewSet

_INTERACTIONS = "projects/<str:project>/interactions"
_INTERACTION = f"{_INTERACTIONS}/<str:interaction_id>"
_view = InteractionViewSet.as_view

urlpatterns = [
    path(_INTERACTIONS, _view({"get": "list", "post": "create"})),
    path(_INTERACTION, _view({"get": "retrieve"})),
    path(f"{_INTERACTION}/respond", _view({"post": "respond"})),
]
