"""Create a principal."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from apps.identity import selectors
from apps.identity.grants import Within
from apps.identity.models import Principal, PrincipalKind
from apps.identity.services.assign_role import assign_role
from apps.kernel.errors import Conflict


@transaction.atomic
def create_principal(
    project_id: str,
    *,
    name: str,
    kind: PrincipalKind,
    email: str = "",
    role_names: Iterable[str] = (),
    within: Within = None,
    now: datetime,
) -> Principal:
    """Create somebody who acts in the project, with its roles, or nobody at all.

    Raises:
        Conflict: the name is taken in the project.
        NotFound: a role does not exist here.
        PermissionDenied: a role allows more than ``within``.
    """
    try:
        with transaction.atomic():
            principal = Principal.objects.create(
                project_id=project_id,
                kind=kind,
                name=name,
                email=email,
                created_at=now,
                updated_at=now,
            )
    except IntegrityError:
        raise Conflict(f"principal {name} exists already", name=name) from None
    for role_name in _once(role_names):
        role = selectors.find_role(project_id, name=role_name)
        assign_role(principal, role, within=within, now=now)
    return principal


def _once(names: Iterable[str]) -> Sequence[str]:
    return list(dict.fromkeys(names))
