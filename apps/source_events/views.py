"""HTTP for source events: parse, call one service, render."""

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import act_once
from apps.api.pagination import page_newest_first
from apps.identity.permissions import Permission
from apps.identity.viewsets import ProjectViewSet
from apps.kernel import clock
from apps.source_events.renderings import render_accepted, render_event
from apps.source_events.requests import read_filters, read_new_event
from apps.source_events.selectors import find_public_event, public_events
from apps.source_events.services.publish import publish_event


class SourceEventViewSet(ProjectViewSet):
    """``/v1/projects/{project}/source-events``; internal ones do not exist here."""

    permissions: ClassVar = {
        "list": Permission.SOURCE_EVENT_VIEW,
        "create": Permission.SOURCE_EVENT_PUBLISH,
        "retrieve": Permission.SOURCE_EVENT_VIEW,
    }
    #: Runs under way may wait for it; triggers are silent.
    while_archived = ("create",)

    def list(self, request: Request, project: str) -> Response:
        """200 with a page, newest first."""
        query = request.query_params
        rows = public_events(self.project_id, read_filters(query))
        return Response(page_newest_first(rows, query, render_event))

    def create(self, request: Request, project: str) -> Response:
        """202 with the id of the event, or of the first with its ``dedup_key``."""
        now = clock.now()
        new = read_new_event(request.data)

        def act() -> tuple[int, dict[str, Any]]:
            return 202, render_accepted(publish_event(self.project_id, new, now=now))

        return act_once(
            request.headers,
            project_id=self.project_id,
            operation="source_events.publish",
            request=request.data,
            now=now,
            act=act,
        )

    def retrieve(self, request: Request, project: str, event_id: str) -> Response:
        """200 with the event."""
        return Response(render_event(find_public_event(self.project_id, event_id)))
