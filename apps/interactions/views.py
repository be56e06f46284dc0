"""HTTP for questions: parse, call one service, render. No rule lives here."""

from functools import partial
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import act_once
from apps.api.pagination import page_newest_first
from apps.identity.permissions import Permission
from apps.identity.viewsets import ProjectViewSet
from apps.interactions.renderings import render_interaction
from apps.interactions.requests import read_answer, read_question
from apps.interactions.selectors import filtered_interactions, find_interaction
from apps.interactions.services.create import create_interaction
from apps.interactions.services.respond import respond_to_interaction
from apps.kernel import clock


class InteractionViewSet(ProjectViewSet):
    """``/v1/projects/{project}/interactions``.

    Whoever is asked may answer, whatever else they may do; ``respond`` decides.
    """

    permissions: ClassVar = {
        "list": Permission.INTERACTION_VIEW,
        "create": Permission.INTERACTION_MANAGE,
        "retrieve": Permission.INTERACTION_VIEW,
        "respond": Permission.INTERACTION_VIEW,
    }

    def list(self, request: Request, project: str) -> Response:
        """200 with a page, newest first; ``run_id`` and ``status`` filter."""
        now = clock.now()
        query = request.query_params
        rows = filtered_interactions(self.project_id, query, now=now)
        return Response(
            page_newest_first(rows, query, partial(render_interaction, now=now))
        )

    def create(self, request: Request, project: str) -> Response:
        """201 with a question that belongs to no run."""
        now = clock.now()
        question = read_question(request.data)

        def act() -> tuple[int, dict[str, Any]]:
            interaction = create_interaction(self.project_id, question, now=now)
            return 201, render_interaction(interaction, now=now)

        return act_once(
            request.headers,
            project_id=self.project_id,
            operation="interactions.create",
            request=request.data,
            now=now,
            act=act,
        )

    def retrieve(self, request: Request, project: str, interaction_id: str) -> Response:
        """200 with one interaction."""
        interaction = find_interaction(self.project_id, interaction_id)
        return Response(render_interaction(interaction, now=clock.now()))

    def respond(self, request: Request, project: str, interaction_id: str) -> Response:
        """200 with the completed interaction; 409 when it is over."""
        now = clock.now()
        value, comment = read_answer(request.data)

        def act() -> tuple[int, dict[str, Any]]:
            interaction = respond_to_interaction(
                self.project_id,
                interaction_id,
                caller=self.caller,
                value=value,
                comment=comment,
                now=now,
            )
            return 200, render_interaction(interaction, now=now)

        return act_once(
            request.headers,
            project_id=self.project_id,
            operation=f"interactions/{interaction_id}/respond",
            request=request.data,
            now=now,
            act=act,
        )
