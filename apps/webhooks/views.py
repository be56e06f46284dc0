"""HTTP for webhooks: parse, call one service, render. A key is shown once."""

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import act_once
from apps.api.pagination import page_newest_first
from apps.api.rendering import present
from apps.deliveries.selectors import deliveries_about, find_delivery
from apps.identity.permissions import Permission
from apps.identity.viewsets import ProjectViewSet
from apps.kernel import clock
from apps.secrets.cipher import fingerprint_of
from apps.webhooks.renderings import render_delivery, render_record, render_webhook
from apps.webhooks.requests import (
    read_changes,
    read_new_webhook,
    read_overlap,
    read_ping_url,
)
from apps.webhooks.selectors import find_webhook, list_webhooks
from apps.webhooks.services.create import Shown, create_webhook
from apps.webhooks.services.delete import delete_webhook
from apps.webhooks.services.ping import ping_webhook
from apps.webhooks.services.redeliver import redeliver
from apps.webhooks.services.rotate import rotate_secret
from apps.webhooks.services.update import update_webhook


class WebhookViewSet(ProjectViewSet):
    """``/v1/projects/{project}/webhooks``."""

    permissions: ClassVar = {
        "list": Permission.WEBHOOK_VIEW,
        "create": Permission.WEBHOOK_MANAGE,
        "retrieve": Permission.WEBHOOK_VIEW,
        "partial_update": Permission.WEBHOOK_MANAGE,
        "destroy": Permission.WEBHOOK_MANAGE,
        "rotate": Permission.WEBHOOK_MANAGE,
        "ping": Permission.WEBHOOK_MANAGE,
    }

    def list(self, request: Request, project: str) -> Response:
        """200 with a page, newest first; filters ``enabled`` and ``tag``."""
        query = request.query_params
        rows = list_webhooks(self.project_id, query)
        return Response(page_newest_first(rows, query, render_webhook))

    def create(self, request: Request, project: str) -> Response:
        """201 with the webhook, this once with ``signing_secret``, unless the request
        brought a secret: an answer that is replayed for its Idempotency-Key has none.
        409 when the name is taken."""
        now = clock.now()
        new = read_new_webhook(request.data)
        made: dict[str, Any] = {}

        def act() -> tuple[int, dict[str, Any]]:
            shown = create_webhook(
                self.project_id, new, created_by=self.caller.principal_id, now=now
            )
            made.update(_key_of(shown))
            return 201, render_webhook(shown.webhook)

        answer = act_once(
            request.headers,
            project_id=self.project_id,
            operation="webhooks.create",
            request=_without_secret(request.data, new.secret),
            now=now,
            act=act,
        )
        answer.data = {**answer.data, **made}
        return answer

    def retrieve(self, request: Request, project: str, webhook: str) -> Response:
        """200 with the webhook."""
        return Response(render_webhook(find_webhook(self.project_id, webhook)))

    def partial_update(self, request: Request, project: str, webhook: str) -> Response:
        """200; ``events`` and ``tags`` are replaced as a whole. A new ``secret`` counts
        at once; an empty one gives way to a key of ours, shown in this answer."""
        shown = update_webhook(
            self.project_id,
            webhook,
            read_changes(request.data),
            changed_by=self.caller.principal_id,
            now=clock.now(),
        )
        return Response({**render_webhook(shown.webhook), **_key_of(shown)})

    def destroy(self, request: Request, project: str, webhook: str) -> Response:
        """204; what waits to be sent is given up."""
        delete_webhook(
            self.project_id,
            webhook,
            deleted_by=self.caller.principal_id,
            now=clock.now(),
        )
        return Response(status=204)

    def rotate(self, request: Request, project: str, webhook: str) -> Response:
        """200 with the new key, this once; the one before signs for another
        ``overlap_seconds`` (a day). Sent again it makes another key."""
        shown = rotate_secret(
            self.project_id,
            webhook,
            overlap=read_overlap(request.data),
            rotated_by=self.caller.principal_id,
            now=clock.now(),
        )
        return Response(
            {
                "secret_ref": shown.webhook.secret_ref,
                "secret_version": shown.webhook.secret_version,
                **_key_of(shown),
            }
        )

    def ping(self, request: Request, project: str, webhook: str) -> Response:
        """200 with what came of a ping, to ``url`` if the body names one."""
        found = find_webhook(self.project_id, webhook)
        url = read_ping_url(request.data)
        pinged = ping_webhook(found, url=url, now=clock.now())
        return Response(
            present(
                success=pinged.success,
                status_code=pinged.status_code,
                error=pinged.error or None,
                latency_ms=pinged.latency_ms,
            )
        )


class WebhookDeliveryViewSet(ProjectViewSet):
    """``/v1/projects/{project}/webhooks/{webhook}/deliveries``."""

    permissions: ClassVar = {
        "list": Permission.WEBHOOK_VIEW,
        "retrieve": Permission.WEBHOOK_VIEW,
        "redeliver": Permission.WEBHOOK_MANAGE,
    }

    def list(self, request: Request, project: str, webhook: str) -> Response:
        """200 with a page of what was and will be sent, newest first."""
        now = clock.now()
        found = find_webhook(self.project_id, webhook)
        rows = deliveries_about(self.project_id, found.id)
        return Response(
            page_newest_first(
                rows, request.query_params, lambda row: render_record(row, now)
            )
        )

    def retrieve(
        self, request: Request, project: str, webhook: str, delivery_id: str
    ) -> Response:
        """200 with one: what was sent, every try, what the receiver said last."""
        found = find_webhook(self.project_id, webhook)
        delivery = find_delivery(self.project_id, found.id, delivery_id)
        return Response(render_delivery(delivery, clock.now()))

    def redeliver(
        self, request: Request, project: str, webhook: str, delivery_id: str
    ) -> Response:
        """202; it is sent again under the same id, so a receiver can tell."""
        now = clock.now()
        delivery = redeliver(self.project_id, webhook, delivery_id, now=now)
        return Response(render_delivery(delivery, now), status=202)


def _without_secret(data: Any, secret: str) -> dict[str, Any]:
    """Return a request as it may be remembered: what tells secrets apart, not them."""
    return {**data, "secret": fingerprint_of({"secret": secret})}


def _key_of(shown: Shown) -> dict[str, Any]:
    return present(signing_secret=shown.signing_secret or None)
