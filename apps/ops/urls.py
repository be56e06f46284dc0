"""Paths of health, at the root."""

from django.urls import path

from apps.ops.views import healthz, readyz

urlpatterns = [path("healthz", healthz), path("readyz", readyz)]
