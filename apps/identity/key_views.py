"""HTTP for API keys: parse, call one service, render. No rule lives here."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.pagination import page_newest_first
from apps.api.tags import filter_by_tags
from apps.identity import selectors
from apps.identity.actor import Actor
from apps.identity.key_requests import read_key_changes, read_new_key, read_rotation
from apps.identity.keyrings import Keyring
from apps.identity.minting import IssuedKey
from apps.identity.permissions import Permission
from apps.identity.queries import asks
from apps.identity.rendering import render_key
from apps.identity.services.issue_key import issue_key
from apps.identity.services.revoke_key import revoke_key
from apps.identity.services.rotate_key import rotate_key
from apps.identity.services.update_key import update_key
from apps.identity.viewsets import ProjectViewSet
from apps.kernel import clock


class ApiKeyViewSet(ProjectViewSet):
    """``/v1/projects/{project}/api-keys``."""

    permissions = {
        "list": Permission.ACCESS_MANAGE,
        "create": Permission.ACCESS_MANAGE,
        "retrieve": Permission.ACCESS_MANAGE,
        "partial_update": Permission.ACCESS_MANAGE,
        "rotate": Permission.ACCESS_MANAGE,
        "destroy": Permission.ACCESS_MANAGE,
    }

    while_archived = ("destroy",)

    def ring(self) -> Keyring:
        """Return whose keys these are."""
        return Keyring(self.project_id)

    def issuing(self, data: Any, now: datetime) -> Callable[[], IssuedKey]:
        """Read a key to issue, and return what issues it.

        Raises:
            Invalid: names every field that is wrong.
        """
        principal_id, new = read_new_key(data)

        def issue() -> IssuedKey:
            principal = selectors.find_principal(self.project_id, principal_id)
            return issue_key(principal, new, by=Actor.of_caller(self.caller), now=now)

        return issue

    def list(self, request: Request, **place: str) -> Response:
        """200 with a page, newest first; ``principal_id`` and ``tag`` filter; revoked
        ones with ``include_revoked=true``."""
        query = request.query_params
        rows = self.ring().rows()
        if not asks(query, "include_revoked"):
            rows = rows.filter(revoked_at=None)
        if principal_id := query.get("principal_id"):
            rows = rows.filter(principal_id=principal_id)
        rows = filter_by_tags(rows, query.getlist("tag"))
        now = clock.now()
        return Response(page_newest_first(rows, query, lambda key: _shown(key, now)))

    def create(self, request: Request, **place: str) -> Response:
        """201 holds the secret in ``key``, this once: a repetition with the same
        Idempotency-Key answers without it."""
        now = clock.now()
        issue = self.issuing(request.data, now)
        return self._show_once(request, "api-keys.create", issue, now)

    def retrieve(self, request: Request, key_id: str, **place: str) -> Response:
        """200 with one key, a revoked one too."""
        return Response(_shown(self.ring().find(key_id), clock.now()))

    def partial_update(self, request: Request, key_id: str, **place: str) -> Response:
        """200; 409 for a key that is over."""
        now = clock.now()
        changes = read_key_changes(request.data)
        by = Actor.of_caller(self.caller)
        changed = update_key(self.ring(), key_id, changes, by=by, now=now)
        return Response(_shown(changed, now))

    def rotate(self, request: Request, key_id: str, **place: str) -> Response:
        """201 with a new key in the place of this one, its secret in ``key``, this
        once. The old one goes on for ``overlap_seconds``, 0 by default."""
        now = clock.now()
        rotation = read_rotation(request.data)

        def rotate() -> IssuedKey:
            return rotate_key(
                self.ring(),
                key_id,
                overlap=rotation.overlap,
                expires_at=rotation.expires_at,
                by=Actor.of_caller(self.caller),
                now=now,
            )

        return self._show_once(request, f"api-keys/{key_id}.rotate", rotate, now)

    def destroy(self, request: Request, key_id: str, **place: str) -> Response:
        """204: revoked, also when it was before."""
        key = self.ring().find(key_id)
        revoke_key(key, by=Actor.of_caller(self.caller), now=clock.now())
        return Response(status=204)

    def _show_once(
        self,
        request: Request,
        operation: str,
        mint: Callable[[], IssuedKey],
        now: datetime,
    ) -> Response:
        """Answer with a new key. What is remembered of the answer holds no secret."""
        shown: dict[str, Any] = {}

        def act() -> tuple[int, dict[str, Any]]:
            issued = mint()
            shown["key"] = issued.secret
            return 201, _shown(issued.row, now)

        answer = self.answer_once(request, operation, act, now=now)
        answer.data = {**answer.data, **shown}
        return answer


def _shown(key: Any, now: datetime) -> dict[str, Any]:
    return render_key(key, now=now)
