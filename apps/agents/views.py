"""HTTP for agents: parse, call one service, render."""

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.agents.renderings import render_agent
from apps.agents.requests import (
    read_agent_changes,
    read_agent_filters,
    read_new_agent,
)
from apps.agents.selectors import find_agent, list_agents
from apps.agents.services.archive_agent import archive_agent
from apps.agents.services.create_agent import create_agent
from apps.agents.services.update_agent import update_agent
from apps.api.pagination import page_newest_first
from apps.identity.actor import Actor
from apps.identity.permissions import Permission
from apps.identity.viewsets import ProjectViewSet
from apps.kernel import clock


class AgentViewSet(ProjectViewSet):
    """``/v1/projects/{project}/agents``."""

    permissions: ClassVar = {
        "list": Permission.AGENT_VIEW,
        "create": Permission.AGENT_MANAGE,
        "retrieve": Permission.AGENT_VIEW,
        "partial_update": Permission.AGENT_MANAGE,
        "destroy": Permission.AGENT_MANAGE,
    }
    while_archived = ("destroy",)

    def list(self, request: Request, project: str) -> Response:
        """200 with a page, newest first; filters ``name``, ``external_ref``,
        ``principal_id``, ``status`` and ``tag``. Archived ones are shown only by
        ``status=archived``."""
        query = request.query_params
        rows = list_agents(self.project_id, read_agent_filters(query))
        return Response(page_newest_first(rows, query, render_agent))

    def create(self, request: Request, project: str) -> Response:
        """201 with the agent and its ``principal_id``; 200 with the one that
        ``if_exists: adopt`` found, unchanged. 409 when a name is taken."""
        now = clock.now()
        new = read_new_agent(request.data)

        def act() -> tuple[int, dict[str, Any]]:
            by = Actor.of_caller(self.caller)
            created = create_agent(self.project_id, new, by=by, now=now)
            return 201 if created.is_new else 200, render_agent(created.agent)

        return self.answer_once(request, "agents.create", act, now=now)

    def retrieve(self, request: Request, project: str, agent: str) -> Response:
        """200 with the agent, also when it is archived."""
        return Response(render_agent(find_agent(self.project_id, agent)))

    def partial_update(self, request: Request, project: str, agent: str) -> Response:
        """200; ``tags`` and ``metadata`` are replaced as a whole. 409 when it is
        archived or a name is taken."""
        changed = update_agent(
            self.project_id,
            agent,
            read_agent_changes(request.data),
            by=Actor.of_caller(self.caller),
            now=clock.now(),
        )
        return Response(render_agent(changed))

    def destroy(self, request: Request, project: str, agent: str) -> Response:
        """204; it is archived: its keys are revoked, its sessions closed and kept."""
        by = Actor.of_caller(self.caller)
        archive_agent(self.project_id, agent, by=by, now=clock.now())
        return Response(status=204)
