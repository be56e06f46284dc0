"""Paths of automations and loops, below ``/v1/``. Their runs are paths of
``apps.runs``."""

from typing import Any

from django.urls import path

from apps.definitions.automation_views import (
    AutomationVersionViewSet,
    AutomationViewSet,
)
from apps.definitions.loop_views import LoopViewSet

_AUTOMATIONS = "projects/<str:project>/automations"
_AUTOMATION = f"{_AUTOMATIONS}/<str:automation>"
_VERSION = f"{_AUTOMATION}/versions/<str:number>"
_LOOPS = "projects/<str:project>/loops"
_all: dict[str, Any] = {"get": "list", "post": "create"}
_one: dict[str, Any] = {
    "get": "retrieve",
    "patch": "partial_update",
    "delete": "destroy",
}
_version = AutomationVersionViewSet.as_view

urlpatterns = [
    path(_AUTOMATIONS, AutomationViewSet.as_view(_all)),
    path(_AUTOMATION, AutomationViewSet.as_view(_one)),
    path(f"{_AUTOMATION}/versions", _version(_all)),
    path(_VERSION, _version({"get": "retrieve"})),
    path(f"{_VERSION}/publication", _version({"post": "publish"})),
    path(_LOOPS, LoopViewSet.as_view(_all)),
    path(f"{_LOOPS}/<str:loop>", LoopViewSet.as_view(_one)),
]
