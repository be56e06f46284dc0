"""HTTP for integrations and the catalogue: parse, call one service, render."""

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import act_once
from apps.api.pagination import page_newest_first, page_of_all
from apps.identity.permissions import Permission
from apps.identity.viewsets import ProjectViewSet
from apps.integrations.renderings import render_integration
from apps.integrations.requests import read_changes, read_new_integration
from apps.integrations.selectors import (
    connected_providers,
    find_integration,
    list_integrations,
)
from apps.integrations.services.create import create_integration
from apps.integrations.services.delete import delete_integration
from apps.integrations.services.update import update_integration
from apps.kernel import clock
from apps.secrets.cipher import fingerprint_of
from apps.source_events.renderings import render_catalog


class IntegrationViewSet(ProjectViewSet):
    """``/v1/projects/{project}/integrations``."""

    permissions: ClassVar = {
        "list": Permission.INTEGRATION_VIEW,
        "create": Permission.INTEGRATION_MANAGE,
        "retrieve": Permission.INTEGRATION_VIEW,
        "partial_update": Permission.INTEGRATION_MANAGE,
        "destroy": Permission.INTEGRATION_MANAGE,
    }

    def list(self, request: Request, project: str) -> Response:
        """200 with a page, newest first; filters ``provider`` and ``enabled``."""
        query = request.query_params
        rows = list_integrations(self.project_id, query)
        return Response(page_newest_first(rows, query, render_integration))

    def create(self, request: Request, project: str) -> Response:
        """201 with the integration; 409 when the name is taken."""
        now = clock.now()
        new = read_new_integration(request.data)

        def act() -> tuple[int, dict[str, Any]]:
            integration = create_integration(
                self.project_id, new, created_by=self.caller.principal_id, now=now
            )
            return 201, render_integration(integration)

        return act_once(
            request.headers,
            project_id=self.project_id,
            operation="integrations.create",
            request=_without_secret(request.data, new.secret),
            now=now,
            act=act,
        )

    def retrieve(self, request: Request, project: str, integration: str) -> Response:
        """200 with the integration."""
        found = find_integration(self.project_id, integration)
        return Response(render_integration(found))

    def partial_update(
        self, request: Request, project: str, integration: str
    ) -> Response:
        """200; ``config`` is replaced as a whole, a new ``secret`` counts at once."""
        found = find_integration(self.project_id, integration)
        changes = read_changes(request.data, found.provider)
        update_integration(self.project_id, integration, changes, now=clock.now())
        changed = find_integration(self.project_id, integration)
        return Response(render_integration(changed))

    def destroy(self, request: Request, project: str, integration: str) -> Response:
        """204; the events that came through it stay."""
        delete_integration(self.project_id, integration)
        return Response(status=204)


class EventCatalogViewSet(ProjectViewSet):
    """``/v1/projects/{project}/catalog/events``."""

    permissions: ClassVar = {"list": Permission.SOURCE_EVENT_VIEW}

    def list(self, request: Request, project: str) -> Response:
        """200 with every type that can be matched, by prefix; those of a provider are
        ready once an integration with it is enabled; with ``limit`` a page of it."""
        whole = render_catalog(connected_providers(self.project_id))
        numbered = list(enumerate(whole["items"]))
        page = page_of_all(numbered, request.query_params, lambda one: one[:1])
        page["items"] = [item for _, item in page["items"]]
        return Response({**whole, **page})


def _without_secret(data: Any, secret: str) -> dict[str, Any]:
    """Return a request as it may be remembered: what tells secrets apart, not them."""
    return {**data, "secret": fingerprint_of({"secret": secret})}
