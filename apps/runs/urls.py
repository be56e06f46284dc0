"""Paths of runs, below ``/v1/``. Event streams are held routes."""

from django.urls import path

from apps.runs.asking import AskingViewSet
from apps.runs.linear_views import LinearRunViewSet
from apps.runs.publishing import PublishingViewSet
from apps.runs.speaking import SpeakingViewSet
from apps.runs.views import RunViewSet

_RUNS = "projects/<str:project>/runs"
_RUN = f"{_RUNS}/<str:run_id>"
_INTERACTIONS = "projects/<str:project>/interactions"
_EVENTS = "projects/<str:project>/source-events"
_view = RunViewSet.as_view
_linear = LinearRunViewSet.as_view
_ask = AskingViewSet.as_view
_publish = PublishingViewSet.as_view
_speak = SpeakingViewSet.as_view

urlpatterns = [
    path(_RUNS, _view({"post": "create", "get": "list"})),
    path(f"{_RUNS}/cancellations", _view({"post": "cancel_many"})),
    path(f"{_RUNS}/retries", _view({"post": "retry_many"})),
    path(_RUN, _view({"get": "retrieve"})),
    path(f"{_RUN}/jobs", _view({"get": "jobs"})),
    path(f"{_RUN}/action-log", _view({"get": "action_log"})),
    path(f"{_RUN}/cancellations", _view({"post": "cancel"})),
    path(f"{_RUN}/resumptions", _view({"post": "resume"})),
    path(f"{_RUN}/signals", _view({"post": "signal"})),
    path(f"{_RUN}/cancel", _view({"post": "cancel"})),
    path(f"{_RUN}/resume", _linear({"post": "resume"})),
    path(f"{_RUN}/retry", _linear({"post": "retry"})),
    path(f"{_RUN}/steps", _linear({"get": "steps"})),
    path(f"{_RUN}/usage", _linear({"post": "usage"})),
    path(
        "projects/<str:project>/automations/<str:automation>/runs",
        _linear({"post": "create_of_automation", "get": "list_of_automation"}),
    ),
    path(
        "projects/<str:project>/loops/<str:loop>/runs",
        _linear({"post": "create_of_loop", "get": "list_of_loop"}),
    ),
    path(_INTERACTIONS, _ask({"get": "list", "post": "create"})),
    path(
        "projects/<str:project>/jobs/<str:job_id>/interactions",
        _ask({"post": "create_from_job"}),
    ),
    path(_EVENTS, _publish({"get": "list", "post": "create"})),
    path(f"{_EVENTS}/batch", _publish({"post": "create_batch"})),
    path(
        "projects/<str:project>/sessions/<str:session>/messages",
        _speak({"get": "list", "post": "create"}),
    ),
    path(
        "projects/<str:project>/workflows/<str:workflow>/runs",
        _view({"post": "create_of_workflow", "get": "list_of_workflow"}),
    ),
]
