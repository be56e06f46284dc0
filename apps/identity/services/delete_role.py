"""Delete a role."""

from datetime import datetime

from django.db import transaction

from apps.identity.actor import Actor
from apps.identity.keeping import access_kept
from apps.identity.keyrings import Keyring
from apps.identity.services.update_role import own_role
from apps.kernel.errors import Conflict


@transaction.atomic
def delete_role(project_id: str, role_id: str, *, by: Actor, now: datetime) -> None:
    """Delete a role of the project's own, and take it from all who hold it.

    Raises:
        NotFound: the project has no such role.
        PermissionDenied: it is built in.
        Conflict: it caps live keys, which must not open more; ``role_in_use``. Or
            nobody would be left who can manage access.
    """
    with access_kept(project_id):
        role = own_role(project_id, role_id)
        capped = Keyring(project_id).live(now=now).filter(scope_role=role)
        if capped.exists():
            raise Conflict(
                f"role {role.name} caps live keys; revoke them first",
                code="role_in_use",
                key_ids=sorted(capped.values_list("id", flat=True)[:20]),
            )
        dead = role.capped_keys.all()
        dead.filter(revoked_at=None).update(revoked_at=now, updated_at=now)
        dead.update(scope_role=None)
        role.delete()
