"""The public address of integrations. No key: the provider's signature counts."""

from typing import Final

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from apps.identity.limits import count_use
from apps.identity.viewsets import OpenViewSet
from apps.integrations.arrivals import Delivery, Greeting
from apps.integrations.models import Provider
from apps.integrations.selectors import find_by_handle
from apps.integrations.services.receive import receive_delivery
from apps.kernel import clock
from apps.kernel.errors import NotFound
from apps.source_events.renderings import render_accepted

#: What a provider takes for success; others take any status of success.
_STATUS: Final = {Provider.LINEAR.value: 200, Provider.SLACK.value: 200}


class ReceivingViewSet(OpenViewSet):
    """``/v1/integrations/{provider}/{handle}``."""

    def receive(self, request: Request, provider: str, handle: str) -> Response:
        """202 ``{source_event_id, status, deduped}``, as 200 for Linear, as an empty
        200 for Slack; 200 where a provider only looks whether we are there.

        404 without an enabled integration of the provider there, 401 without its
        signature, 413 over the limit, 429 too often.
        """
        integration = find_by_handle(provider, handle)
        if integration is None:
            raise NotFound(f"there is no {provider} integration at {handle}")
        limit = settings.RATE_LIMIT_INTEGRATION
        self.standing = count_use("integration", integration.id, limit)
        delivery = Delivery(request._request.body, request.headers)
        told = receive_delivery(integration, delivery, now=clock.now())
        if isinstance(told, Greeting):
            return Response(told.answer, status=200)
        # Slack shows what it is answered to the person who typed a command.
        answer = None if provider == Provider.SLACK else render_accepted(told)
        return Response(answer, status=_STATUS.get(provider, 202))
