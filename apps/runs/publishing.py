"""``POST …/source-events`` and ``POST …/source-events/batch``: events that somebody
publishes, for a run when they name one. Reading them is in ``apps.source_events``."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import act_once
from apps.identity.permissions import Permission
from apps.kernel import clock
from apps.runs.services.publish import publish_for_runs
from apps.source_events.renderings import render_accepted
from apps.source_events.requests import read_new_event, read_new_events
from apps.source_events.services.publish import NewEvent
from apps.source_events.views import SourceEventViewSet


class PublishingViewSet(SourceEventViewSet):
    """Publishes events of the project's own."""

    permissions: ClassVar = {
        **SourceEventViewSet.permissions,
        "create": Permission.SOURCE_EVENT_PUBLISH,
        "create_batch": Permission.SOURCE_EVENT_PUBLISH,
    }

    def create(self, request: Request, project: str) -> Response:
        """202 with the id of the event, or of the first with its ``dedup_key``."""
        now = clock.now()
        new = read_new_event(request.data)

        def act() -> tuple[int, dict[str, Any]]:
            return 202, self._publish([new], now)[0]

        return self._once(request, "source_events.publish", act, now)

    def create_batch(self, request: Request, project: str) -> Response:
        """202 ``{items}``: for each event, in order, what ``create`` answers."""
        now = clock.now()
        events = read_new_events(request.data)

        def act() -> tuple[int, dict[str, Any]]:
            return 202, {"items": self._publish(events, now)}

        return self._once(request, "source_events.publish_batch", act, now)

    def _publish(
        self, events: Sequence[NewEvent], now: datetime
    ) -> list[dict[str, Any]]:
        appended = publish_for_runs(self.project_id, events, now=now)
        return [render_accepted(one) for one in appended]

    def _once(
        self,
        request: Request,
        operation: str,
        act: Callable[[], tuple[int, dict[str, Any]]],
        now: datetime,
    ) -> Response:
        return act_once(
            request.headers,
            project_id=self.project_id,
            operation=operation,
            request=request.data,
            now=now,
            act=act,
        )
