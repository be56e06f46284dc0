"""Paths of agents and sessions, below ``/v1/``. Messages are where they are written, in
``apps.runs.urls``; streams are held routes."""

from django.urls import path

from apps.agents.session_views import SessionViewSet
from apps.agents.views import AgentViewSet

_AGENTS = "projects/<str:project>/agents"
_AGENT = f"{_AGENTS}/<str:agent>"
_SESSIONS = "projects/<str:project>/sessions"
_SESSION = f"{_SESSIONS}/<str:session>"
_agents = AgentViewSet.as_view
_sessions = SessionViewSet.as_view

urlpatterns = [
    path(_AGENTS, _agents({"get": "list", "post": "create"})),
    path(
        _AGENT,
        _agents({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
    ),
    path(f"{_AGENT}/sessions", _sessions({"get": "list_of_agent"})),
    path(_SESSIONS, _sessions({"get": "list", "post": "create"})),
    path(
        _SESSION,
        _sessions({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
    ),
    path(f"{_SESSION}/previews", _sessions({"post": "preview"})),
]
