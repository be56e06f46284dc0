"""Paths of questions and groups, below ``/v1/``.

The collection itself is in ``apps.runs.urls``: a question may be put for a run.
"""

from django.urls import include, path

from apps.interactions.views import InteractionViewSet

_INTERACTION = "projects/<str:project>/interactions/<str:interaction_id>"
_view = InteractionViewSet.as_view

urlpatterns = [
    path(_INTERACTION, _view({"get": "retrieve", "delete": "destroy"})),
    path(f"{_INTERACTION}/respond", _view({"post": "respond"})),
    path(f"{_INTERACTION}/claim", _view({"post": "claim"})),
    path(f"{_INTERACTION}/release", _view({"post": "release"})),
    path(f"{_INTERACTION}/delegate", _view({"post": "delegate"})),
    path(f"{_INTERACTION}/review", _view({"post": "review"})),
    path(f"{_INTERACTION}/cancel", _view({"post": "cancel"})),
    path(f"{_INTERACTION}/links", _view({"post": "link"})),
    path("", include("apps.interactions.group_urls")),
]
