"""A key ``mbx_…`` -> caller. One function for DRF, held routes and the socket.

Every request asks PostgreSQL: a key that is revoked, expired, or whose principal is
disabled stops working with the next request on every process.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from rest_framework.authentication import BaseAuthentication

from apps.api.rendering import to_json
from apps.identity.acting import origin_of
from apps.identity.credentials import bearer_of, read_bearer
from apps.identity.permissions import Permission
from apps.kernel import clock
from apps.kernel.errors import NotFound, PermissionDenied, Unauthenticated

#: ``last_used_at`` is written at most this often, to keep reads reads.
USE_NOTED_EVERY_SECONDS = 60

_LOOK_UP = """
SELECT set_config('mobius.actor', (jsonb_build_object('source', 'api',
           'credential_id', k.id, 'credential_name', k.name, 'principal_id', p.id,
           'principal_name', p.name, 'principal_kind', p.kind) || %s::jsonb)::text,
           false),
       k.id, k.name, k.expires_at, k.revoked_at, k.last_used_at,
       p.id, p.name, p.kind, p.disabled, p.organization_id IS NOT NULL,
       COALESCE(j.id, ''), COALESCE(j.handle, ''),
       COALESCE(p.organization_id, j.organization_id),
       j.archived_at IS NOT NULL, c.permissions,
       ARRAY(SELECT DISTINCT unnest(r.permissions) FROM identity_roleassignment a
             JOIN identity_role r ON r.id = a.role_id WHERE a.principal_id = p.id)
FROM identity_apikey k
JOIN identity_principal p ON p.id = k.principal_id
LEFT JOIN identity_project j ON j.id = COALESCE(p.project_id, (
    SELECT s.id FROM identity_project s
    WHERE s.handle = %s AND s.organization_id = p.organization_id))
LEFT JOIN identity_role c ON c.id = k.scope_role_id
WHERE k.digest = %s
"""

_IN_ORGANIZATION = """
SELECT id, handle, archived_at IS NOT NULL FROM identity_project
WHERE organization_id = %s AND (handle = %s OR id = %s)
"""


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal in its project, with what it may do. Stands in ``request.user``.

    ``permissions`` are those of its roles, capped by the key's own role if it has one;
    ``is_archived`` is said of the project. A caller ``of_organization`` is in no
    project, unless its key was sent with the handle of one, until it steps into that
    of the path; what it may do is the same in all of them.
    """

    key_id: str
    key_name: str
    principal_id: str
    principal_name: str
    principal_kind: str
    project_id: str
    project_handle: str
    organization_id: str
    permissions: frozenset[str]
    is_archived: bool = False
    of_organization: bool = False
    is_authenticated: bool = True

    def may(self, permission: Permission) -> bool:
        """Say whether the caller holds ``permission``."""
        return permission.value in self.permissions

    def require(self, permission: Permission) -> None:
        """Let the caller pass, or not.

        Raises:
            PermissionDenied: the permission is missing; details name it.
        """
        if not self.may(permission):
            raise PermissionDenied(
                f"this needs the permission {permission.value}",
                permission=permission.value,
            )

    def inside(self, project: str) -> "Caller":
        """Return the caller in the project of the path, given as handle or id.

        Raises:
            NotFound: it is not the caller's project, nor one of its organization if it
                is of that; others do not exist.
        """
        if self.project_id:
            if project in (self.project_handle, self.project_id):
                return self
        elif self.of_organization:
            with connection.cursor() as cursor:
                cursor.execute(
                    _IN_ORGANIZATION, [self.organization_id, project, project]
                )
                row = cursor.fetchone()
            if row is not None:
                return replace(
                    self, project_id=row[0], project_handle=row[1], is_archived=row[2]
                )
        raise NotFound(f"project {project} not found")


def authenticate(
    authorization: str | None,
    *,
    now: datetime,
    origin: Mapping[str, str] | None = None,
) -> Caller:
    """Return who sent this credential (``bearer_of``), from ``origin`` as far as known.

    The same statement says to PostgreSQL who acts on this connection (``acting``).

    Raises:
        Unauthenticated: missing, malformed, unknown, revoked or expired key, a key
            sent with another project's handle, or a disabled principal.
    """
    if not authorization:
        raise Unauthenticated("send the API key as Authorization: Bearer mbx_…")
    presented = read_bearer(authorization)
    if presented is None:
        raise Unauthenticated("this is not an API key; expected Bearer mbx_…")
    with connection.cursor() as cursor:
        facts = to_json(origin or {}).decode()
        cursor.execute(_LOOK_UP, [facts, presented.handle, presented.digest])
        row = cursor.fetchone()
    if row is None:
        raise Unauthenticated("this API key is not known")
    return _admit(row[1:], presented.handle, now)


def _admit(row: tuple[Any, ...], handle: str, now: datetime) -> Caller:
    (key_id, key_name, expires_at, revoked_at, last_used_at, *rest) = row
    (principal_id, name, kind, disabled, of_organization, *place) = rest
    (project_id, project_handle, organization_id, is_archived, cap, held) = place
    if revoked_at is not None:
        raise Unauthenticated("this API key was revoked")
    if expires_at is not None and expires_at <= now:
        raise Unauthenticated("this API key has expired")
    if disabled:
        raise Unauthenticated("the principal of this API key is disabled")
    if handle and handle != project_handle:
        raise Unauthenticated("this API key belongs to another project")
    if (
        last_used_at is None
        or (now - last_used_at).total_seconds() > USE_NOTED_EVERY_SECONDS
    ):
        _note_use(key_id, now)
    return Caller(
        key_id=key_id,
        key_name=key_name,
        principal_id=principal_id,
        principal_name=name,
        principal_kind=kind,
        project_id=project_id,
        project_handle=project_handle,
        organization_id=organization_id,
        permissions=frozenset(held if cap is None else set(held).intersection(cap)),
        is_archived=is_archived,
        of_organization=of_organization,
    )


def _note_use(key_id: str, now: datetime) -> None:
    """Write ``last_used_at``, once for requests that arrive at the same moment."""
    due = now - timedelta(seconds=USE_NOTED_EVERY_SECONDS)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE identity_apikey SET last_used_at = %s WHERE id = %s"
            " AND (last_used_at IS NULL OR last_used_at < %s)",
            [now, key_id, due],
        )


class BearerAuthentication(BaseAuthentication):
    """DRF's door to ``authenticate``."""

    def authenticate(self, request: Any) -> tuple[Caller, None]:
        meta = request.META
        sent = bearer_of(meta.get("HTTP_AUTHORIZATION"), meta.get("HTTP_X_API_KEY"))
        return authenticate(sent, now=clock.now(), origin=origin_of(meta)), None

    def authenticate_header(self, request: Any) -> str:
        return "Bearer"
