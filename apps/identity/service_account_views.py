"""HTTP for service accounts: machine principals in the words of older clients."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.pagination import page_newest_first
from apps.api.tags import filter_by_tags
from apps.identity.actor import Actor
from apps.identity.permissions import Permission
from apps.identity.principal_requests import read_account_changes, read_new_account
from apps.identity.rendering import render_account
from apps.identity.selectors import find_account, list_accounts
from apps.identity.services.create_principal import create_principal
from apps.identity.services.delete_principal import delete_principal
from apps.identity.services.update_principal import update_principal
from apps.identity.viewsets import ProjectViewSet
from apps.kernel import clock


class ServiceAccountViewSet(ProjectViewSet):
    """``/v1/projects/{project}/service-accounts``; the ids are those of principals."""

    permissions = {
        "list": Permission.PROJECT_VIEW,
        "create": Permission.ACCESS_MANAGE,
        "retrieve": Permission.PROJECT_VIEW,
        "partial_update": Permission.ACCESS_MANAGE,
        "destroy": Permission.ACCESS_MANAGE,
    }

    def list(self, request: Request, project: str) -> Response:
        """200 with a page, newest first, disabled ones included; ``purpose`` and
        ``tag`` filter."""
        query = request.query_params
        rows = filter_by_tags(list_accounts(self.project_id), query.getlist("tag"))
        if purpose := query.get("purpose"):
            rows = rows.filter(purpose=purpose)
        return Response(page_newest_first(rows, query, render_account))

    def create(self, request: Request, project: str) -> Response:
        """201 with the account and its roles; 409 when the name is taken."""
        now = clock.now()
        new = read_new_account(request.data)

        def act() -> tuple[int, dict[str, Any]]:
            by = Actor.of_caller(self.caller)
            made = create_principal(self.project_id, new, by=by, now=now)
            return 201, self._render(made.id)

        return self.answer_once(request, "service-accounts.create", act, now=now)

    def retrieve(self, request: Request, project: str, account_id: str) -> Response:
        """200 with one account."""
        return Response(self._render(account_id))

    def partial_update(
        self, request: Request, project: str, account_id: str
    ) -> Response:
        """200; with ``status`` it is disabled or active from the next request on."""
        update_principal(
            self.project_id,
            find_account(self.project_id, account_id).id,
            read_account_changes(request.data),
            by=Actor.of_caller(self.caller),
            now=clock.now(),
        )
        return Response(self._render(account_id))

    def destroy(self, request: Request, project: str, account_id: str) -> Response:
        """204; 409 while it has live keys."""
        account = find_account(self.project_id, account_id)
        by = Actor.of_caller(self.caller)
        delete_principal(self.project_id, account.id, by=by, now=clock.now())
        return Response(status=204)

    def _render(self, account_id: str) -> dict[str, Any]:
        return render_account(find_account(self.project_id, account_id))
