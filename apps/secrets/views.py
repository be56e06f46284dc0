"""HTTP for secrets: parse, call one service, render. No answer holds a value."""

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import act_once
from apps.api.pagination import page_newest_first
from apps.identity.permissions import Permission
from apps.identity.viewsets import ProjectViewSet
from apps.kernel import clock
from apps.secrets.cipher import fingerprint_of
from apps.secrets.renderings import render_secret, render_version
from apps.secrets.requests import read_changes, read_new_secret
from apps.secrets.selectors import find_secret, find_version, list_secrets
from apps.secrets.services.create import create_secret
from apps.secrets.services.destroy import destroy_secret
from apps.secrets.services.update import update_secret


class SecretViewSet(ProjectViewSet):
    """``/v1/projects/{project}/secrets``; ``{secret}`` is an id or a name."""

    permissions: ClassVar = {
        "list": Permission.SECRET_VIEW,
        "create": Permission.SECRET_MANAGE,
        "retrieve": Permission.SECRET_VIEW,
        "partial_update": Permission.SECRET_MANAGE,
        "destroy": Permission.SECRET_MANAGE,
    }

    def list(self, request: Request, project: str) -> Response:
        """200 with a page, newest first."""
        rows = list_secrets(self.project_id)
        return Response(page_newest_first(rows, request.query_params, render_secret))

    def create(self, request: Request, project: str) -> Response:
        """201 with the secret; 409 when the name is taken."""
        now = clock.now()
        new = read_new_secret(request.data)

        def act() -> tuple[int, dict[str, Any]]:
            secret = create_secret(
                self.project_id, new, created_by=self.caller.principal_id, now=now
            )
            return 201, render_secret(secret)

        return act_once(
            request.headers,
            project_id=self.project_id,
            operation="secrets.create",
            request=[new.name, new.description, fingerprint_of(new.values)],
            now=now,
            act=act,
        )

    def retrieve(self, request: Request, project: str, secret: str) -> Response:
        """200 with the secret."""
        return Response(render_secret(find_secret(self.project_id, secret)))

    def partial_update(self, request: Request, project: str, secret: str) -> Response:
        """200; ``version`` is one more when values were sent."""
        changed = update_secret(
            self.project_id,
            secret,
            read_changes(request.data),
            changed_by=self.caller.principal_id,
            now=clock.now(),
        )
        return Response(render_secret(changed))

    def destroy(self, request: Request, project: str, secret: str) -> Response:
        """204; every value is erased and the name is free."""
        destroy_secret(
            self.project_id,
            secret,
            destroyed_by=self.caller.principal_id,
            now=clock.now(),
        )
        return Response(status=204)


class SecretVersionViewSet(ProjectViewSet):
    """``/v1/projects/{project}/secrets/{secret}/versions``."""

    permissions: ClassVar = {
        "list": Permission.SECRET_VIEW,
        "retrieve": Permission.SECRET_VIEW,
    }

    def list(self, request: Request, project: str, secret: str) -> Response:
        """200 with a page of versions, newest first."""
        rows = find_secret(self.project_id, secret).versions.all()
        return Response(page_newest_first(rows, request.query_params, render_version))

    def retrieve(
        self, request: Request, project: str, secret: str, number: str
    ) -> Response:
        """200 with one version."""
        found = find_version(find_secret(self.project_id, secret), number)
        return Response(render_version(found))
