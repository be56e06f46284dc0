"""Paths of health and figures, at the root."""

from django.urls import path

from apps.ops.views import healthz, metrics, readyz

urlpatterns = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
]
