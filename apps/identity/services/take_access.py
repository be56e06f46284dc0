"""Take everything away that a principal was given."""

from datetime import datetime

from django.db import transaction

from apps.identity.models import ApiKey, Principal


@transaction.atomic
def take_access(principal: Principal, *, now: datetime) -> None:
    """Disable ``principal``, revoke its keys, take its roles, groups and account.

    The row stays: others refer to it, and it may come back. Memberships of groups are
    a table of an app above; they hang on the principal like everything given to it.
    """
    principal.assignments.all().delete()
    ApiKey.objects.filter(principal=principal, revoked_at=None).update(
        revoked_at=now, updated_at=now
    )
    principal.disabled = True
    principal.user = None
    principal.updated_at = now
    principal.save(update_fields=["disabled", "user", "updated_at"])
    # After the principal's row is locked: who adds it to a group locks it as well.
    principal.group_memberships.all().delete()
