"""Paths of actions, below ``/v1/``. The direct call is a held route."""

from django.urls import path

from apps.actions.views import ActionViewSet, InvocationViewSet

_PROJECT = "projects/<str:project>"
_ACTION = f"{_PROJECT}/actions/<str:name>"
_catalog = ActionViewSet.as_view({"get": "list"})
_entry = ActionViewSet.as_view({"get": "retrieve"})
_log = InvocationViewSet.as_view({"get": "list"})
_call = InvocationViewSet.as_view({"get": "retrieve"})

urlpatterns = [
    path(
        f"{_PROJECT}/actions",
        ActionViewSet.as_view({"get": "list", "post": "create"}),
    ),
    # Three generations of clients look for the same catalogue, and the same log.
    path(f"{_PROJECT}/actions/catalog", _catalog),
    path(f"{_PROJECT}/actions/catalog/<str:name>", _entry),
    path(f"{_PROJECT}/catalog/actions", _catalog),
    path(f"{_PROJECT}/catalog/actions/<str:name>", _entry),
    path(f"{_PROJECT}/invocations", _log),
    path(f"{_PROJECT}/invocations/<str:invocation_id>", _call),
    path(f"{_PROJECT}/action-invocations", _log),
    path(f"{_PROJECT}/action-invocations/<str:invocation_id>", _call),
    path(
        _ACTION,
        ActionViewSet.as_view(
            {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}
        ),
    ),
    path(f"{_ACTION}/secret/rotate", ActionViewSet.as_view({"post": "rotate"})),
]
