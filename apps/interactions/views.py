"""HTTP for questions: parse, call one service, render. No rule lives here."""

from collections.abc import Callable, Collection
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.body import Body, invalid_field
from apps.api.idempotency import act_once
from apps.api.pagination import page_newest_first
from apps.identity.permissions import Permission
from apps.identity.viewsets import ProjectViewSet
from apps.interactions.actors import Actor
from apps.interactions.models import Interaction, Origin
from apps.interactions.question import Asker
from apps.interactions.renderings import Renderer, render_interaction
from apps.interactions.requests import (
    Asked,
    read_answer,
    read_comment,
    read_question,
)
from apps.interactions.selectors import filtered_interactions, find_interaction
from apps.interactions.services.cancel import cancel_interaction
from apps.interactions.services.claim import claim_interaction, release_interaction
from apps.interactions.services.create import create_interaction
from apps.interactions.services.delegate import delegate_interaction
from apps.interactions.services.delete import delete_interaction
from apps.interactions.services.make_link import make_link
from apps.interactions.services.respond import respond_to_interaction
from apps.interactions.services.review import ACTIONS, review_interaction
from apps.kernel import clock

_P = Permission


class InteractionViewSet(ProjectViewSet):
    """``/v1/projects/{project}/interactions``.

    Whoever is asked may answer, whatever else they may do: the services decide.
    """

    permissions: ClassVar = {
        "list": _P.INTERACTION_VIEW,
        "create": _P.INTERACTION_MANAGE,
        "retrieve": _P.INTERACTION_VIEW,
        "destroy": _P.INTERACTION_MANAGE,
        "respond": _P.INTERACTION_VIEW,
        "claim": _P.INTERACTION_VIEW,
        "release": _P.INTERACTION_VIEW,
        "delegate": _P.INTERACTION_VIEW,
        "review": _P.INTERACTION_VIEW,
        "cancel": _P.INTERACTION_VIEW,
        "link": _P.INTERACTION_VIEW,
    }
    #: A run under way goes on when somebody answers it.
    while_archived: ClassVar[Collection[str]] = (
        *("respond", "claim", "release", "delegate", "review", "cancel", "link"),
    )

    @property
    def actor(self) -> Actor:
        """Return the caller, with where it calls from."""
        meta = self.request.META
        return Actor.of_caller(
            self.caller,
            address=meta.get("REMOTE_ADDR") or "",
            user_agent=meta.get("HTTP_USER_AGENT", ""),
        )

    def list(self, request: Request, project: str) -> Response:
        """200 with a page, newest first; see ``filtered_interactions``."""
        now = clock.now()
        rows = filtered_interactions(
            self.project_id,
            request.query_params,
            caller_id=self.caller.principal_id,
            now=now,
        )
        page = page_newest_first(rows, request.query_params, lambda row: {"row": row})
        found = [item["row"] for item in page["items"]]
        renderer = Renderer(found, now=now)
        return Response({**page, "items": [renderer.render(row) for row in found]})

    def create(self, request: Request, project: str) -> Response:
        """201 with a question, standalone or for a run whose signal it sends."""
        now = clock.now()
        asked = read_question(request.data, now=now)
        return self.once(
            "interactions.create", lambda: self.ask(asked), now=now, status=201
        )

    def ask(self, asked: Asked) -> Interaction:
        """Put the question; ``apps.runs`` knows how to put one for a run."""
        if asked.run_id:
            raise invalid_field("run_id", "expected no run here")
        me = self.caller.principal_id
        asker = Asker(
            origin=Origin.STANDALONE,
            created_by=me,
            initiator_id=me,
            paths={"target": asked.target_path},
        )
        return create_interaction(
            self.project_id, asked.question, asker, now=clock.now()
        )

    def retrieve(self, request: Request, project: str, interaction_id: str) -> Response:
        """200 with one interaction."""
        interaction = find_interaction(self.project_id, interaction_id)
        return Response(render_interaction(interaction, now=clock.now()))

    def destroy(self, request: Request, project: str, interaction_id: str) -> Response:
        """204; the question is over and put away."""
        delete_interaction(self.project_id, interaction_id, now=clock.now())
        return Response(status=204)

    def respond(self, request: Request, project: str, interaction_id: str) -> Response:
        """200 with the interaction after the answer; 409 when it is over."""
        now = clock.now()
        reply = read_answer(request.data)

        def act() -> Interaction:
            return respond_to_interaction(
                self.project_id,
                interaction_id,
                actor=self.actor,
                value=reply.value,
                comment=reply.comment,
                on_behalf_of=reply.on_behalf_of,
                now=now,
            )

        return self.once(f"interactions/{interaction_id}/respond", act, now=now)

    def claim(self, request: Request, project: str, interaction_id: str) -> Response:
        """200 with the claimed interaction; 400 unless it asks a group."""
        body = Body(request.data)
        on_behalf_of = body.text("on_behalf_of", default="", max_length=128)
        body.finish()
        claimed = claim_interaction(
            self.project_id,
            interaction_id,
            actor=self.actor,
            on_behalf_of=on_behalf_of,
            now=clock.now(),
        )
        return Response(render_interaction(claimed, now=clock.now()))

    def release(self, request: Request, project: str, interaction_id: str) -> Response:
        """200 with the released interaction."""
        Body(request.data).finish()
        released = release_interaction(
            self.project_id, interaction_id, actor=self.actor, now=clock.now()
        )
        return Response(render_interaction(released, now=clock.now()))

    def delegate(self, request: Request, project: str, interaction_id: str) -> Response:
        """200 with the interaction, which asks ``to`` now."""
        body = Body(request.data)
        to = body.text("to", max_length=128)
        comment = read_comment(body, "comment")
        on_behalf_of = body.text("on_behalf_of", default="", max_length=128)
        body.finish()
        now = clock.now()
        delegated = delegate_interaction(
            self.project_id,
            interaction_id,
            actor=self.actor,
            to=to,
            comment=comment,
            on_behalf_of=on_behalf_of,
            now=now,
        )
        return Response(render_interaction(delegated, now=now))

    def review(self, request: Request, project: str, interaction_id: str) -> Response:
        """200 with the interaction, completed or open for another round."""
        body = Body(request.data)
        action = body.text("action", choices=ACTIONS)
        comment = read_comment(body, "comment")
        body.finish()
        now = clock.now()

        def act() -> Interaction:
            return review_interaction(
                self.project_id,
                interaction_id,
                actor=self.actor,
                action=action,
                comment=comment,
                now=now,
            )

        return self.once(f"interactions/{interaction_id}/review", act, now=now)

    def cancel(self, request: Request, project: str, interaction_id: str) -> Response:
        """200 with the cancelled interaction."""
        body = Body(request.data)
        reason = read_comment(body, "reason")
        body.finish()
        now = clock.now()
        cancelled = cancel_interaction(
            self.project_id, interaction_id, actor=self.actor, reason=reason, now=now
        )
        return Response(render_interaction(cancelled, now=now))

    def link(self, request: Request, project: str, interaction_id: str) -> Response:
        """201 with a link that answers as one who is asked, for them alone."""
        body = Body(request.data)
        user_id = body.text("user_id", max_length=128)
        body.finish()
        now = clock.now()
        made = make_link(
            self.project_id, interaction_id, actor=self.actor, user_id=user_id, now=now
        )
        return Response(made, status=201)

    def once(
        self,
        operation: str,
        act: Callable[[], Interaction],
        *,
        now: Any,
        status: int = 200,
    ) -> Response:
        """Act once per Idempotency-Key and show what came of it."""

        def acting() -> tuple[int, dict[str, Any]]:
            return status, render_interaction(act(), now=now)

        return act_once(
            self.request.headers,
            project_id=self.project_id,
            operation=operation,
            request=self.request.data,
            now=now,
            act=acting,
        )
