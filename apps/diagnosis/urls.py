"""Paths of diagnoses and figures, below ``/v1/``."""

from django.urls import path

from apps.diagnosis.views import DiagnosisViewSet

_PROJECT = "projects/<str:project>"
_view = DiagnosisViewSet.as_view

urlpatterns = [
    path(f"{_PROJECT}/runs/<str:run_id>/diagnosis", _view({"get": "run"})),
    path(f"{_PROJECT}/metrics", _view({"get": "figures"})),
]
