"""The public address of webhook triggers. No key: whoever knows it may call it."""

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from apps.identity.limits import count_use
from apps.identity.viewsets import OpenViewSet
from apps.kernel import clock
from apps.kernel.errors import NotFound
from apps.triggers.selectors import find_by_handle
from apps.triggers.services.receive import receive_request


class ReceivingViewSet(OpenViewSet):
    """``/v1/triggers/http/{handle}`` and ``/v1/triggers/webhook/{handle}``."""

    def receive(self, request: Request, handle: str) -> Response:
        """202 ``{source_event_id, status, deduped}``: recorded, its handler starts.

        404 without an enabled trigger there, 401 without its signature, 413 over
        1 MiB, 429 too often.
        """
        trigger = find_by_handle(handle)
        if trigger is None:
            raise NotFound(f"there is no trigger at {handle}")
        limit = settings.RATE_LIMIT_TRIGGER
        self.standing = count_use("trigger", trigger.id, limit)
        received = receive_request(
            trigger,
            request._request.body,
            signature=request.headers.get("X-Mobius-Signature", ""),
            key=_key(request),
            now=clock.now(),
        )
        answer = {
            "source_event_id": received.id,
            "status": "accepted",
            "deduped": received.deduped,
        }
        return Response(answer, status=202)


def _key(request: Request) -> str | None:
    """Return the idempotency key: the query wins over the headers."""
    return (
        request.query_params.get("idempotency_key")
        or request.headers.get("X-Idempotency-Key")
        or request.headers.get("Idempotency-Key")
    )
