"""Paths of the document, below ``/v1/``."""

from django.urls import path

from apps.reference.views import DocumentViewSet

_view = DocumentViewSet.as_view

urlpatterns = [
    path("openapi.yaml", _view({"get": "as_yaml"})),
    path("openapi.json", _view({"get": "as_json"})),
]
