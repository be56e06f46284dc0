"""Paths of the worker protocol, below ``/v1/``. The claim is a held route,
the socket of workers a route of its own."""

from django.urls import path

from apps.jobs.views import JobViewSet, WorkerViewSet

_JOB = "projects/<str:project>/jobs/<str:job_id>"

urlpatterns = [
    path(f"{_JOB}/complete", JobViewSet.as_view({"post": "complete"})),
    path(f"{_JOB}/heartbeat", JobViewSet.as_view({"post": "heartbeat"})),
    path(f"{_JOB}/events", JobViewSet.as_view({"post": "events"})),
    path("projects/<str:project>/workers", WorkerViewSet.as_view({"get": "list"})),
    path(
        "projects/<str:project>/worker-sessions",
        WorkerViewSet.as_view({"get": "sessions"}),
    ),
]
