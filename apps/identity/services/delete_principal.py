"""Delete a principal."""

from datetime import datetime

from django.db import transaction

from apps.identity import selectors
from apps.identity.actor import Actor
from apps.identity.keeping import access_kept
from apps.identity.keyrings import Keyring
from apps.identity.models import Principal
from apps.identity.services.take_access import take_access
from apps.kernel.errors import Conflict, NotFound


@transaction.atomic
def delete_principal(
    project_id: str,
    principal_id: str,
    *,
    by: Actor,
    now: datetime,
    with_live_keys: bool = False,
) -> None:
    """Take everything away from a principal for good. Its name is free; its row
    stays, because what it did names it. ``with_live_keys`` revokes them.

    Raises:
        NotFound: the project has no such principal, or not any more.
        Conflict: it has live keys, ``principal_has_keys``; it is that of an agent,
            ``principal_has_agent``; or nobody would be left who can manage access.
    """
    with access_kept(project_id):
        principal = selectors.find_principal(project_id, principal_id)
        if principal.deleted_at is not None:
            raise NotFound(f"principal {principal_id} not found")
        # Agents are a table of an app above; they hang on the principal.
        agents = Principal.objects.filter(
            pk=principal.pk, agent__isnull=False, agent__archived_at=None
        )
        if agents.exists():
            raise Conflict(
                f"{principal.name} is the principal of an agent; delete the agent",
                code="principal_has_agent",
                principal_id=principal.id,
            )
        live = Keyring(project_id).live(now=now).filter(principal=principal)
        if not with_live_keys and (count := live.count()):
            raise Conflict(
                f"{principal.name} has {count} live keys; revoke them first",
                code="principal_has_keys",
                key_ids=sorted(live.values_list("id", flat=True)[:20]),
            )
        take_access(principal, now=now)
        principal.deleted_at = now
        principal.save(update_fields=["deleted_at"])
