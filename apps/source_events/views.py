"""Source events over HTTP, to read."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.pagination import page_newest_first
from apps.identity.permissions import Permission
from apps.identity.viewsets import ProjectViewSet
from apps.source_events.renderings import render_event
from apps.source_events.requests import read_filters
from apps.source_events.selectors import find_public_event, public_events


class SourceEventViewSet(ProjectViewSet):
    """Reads ``/v1/projects/{project}/source-events``; internal ones do not exist here.

    Publishing is in ``apps.runs``: an event may name the run it was published for.
    """

    permissions: ClassVar = {
        "list": Permission.SOURCE_EVENT_VIEW,
        "retrieve": Permission.SOURCE_EVENT_VIEW,
    }
    #: Runs under way may wait for it; triggers are silent.
    while_archived = ("create", "create_batch")

    def list(self, request: Request, project: str) -> Response:
        """200 with a page, newest first."""
        query = request.query_params
        rows = public_events(self.project_id, read_filters(query))
        return Response(page_newest_first(rows, query, render_event))

    def retrieve(self, request: Request, project: str, event_id: str) -> Response:
        """200 with the event."""
        return Response(render_event(find_public_event(self.project_id, event_id)))
