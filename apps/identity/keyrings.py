"""Where keys live: in a project, or in an organization as a whole."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from apps.identity.keeping import take_turn
from apps.identity.models import ApiKey, Organization, Principal
from apps.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys of one project, or those that work in all projects of an organization:
    exactly one of the two ids is set. Neither shows the keys of the other."""

    project_id: str = ""
    organization_id: str = ""

    @classmethod
    def of(cls, principal: Principal) -> "Keyring":
        """Return where the keys of a principal live."""
        return cls(principal.project_id or "", principal.organization_id or "")

    @property
    def owner_id(self) -> str:
        """Return the id of the project or of the organization."""
        return self.project_id or self.organization_id

    def rows(self) -> QuerySet[ApiKey]:
        """Return the keys, revoked ones included."""
        rows = ApiKey.objects.select_related("principal", "scope_role")
        if self.project_id:
            return rows.filter(principal__project_id=self.project_id)
        return rows.filter(principal__organization_id=self.organization_id)

    def live(self, *, now: datetime) -> QuerySet[ApiKey]:
        """Return the keys that open something at ``now``."""
        return self.rows().filter(
            Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None
        )

    def find(self, key_id: str) -> ApiKey:
        """Return one key.

        Raises:
            NotFound: it is not here.
        """
        key = self.rows().filter(pk=key_id).first()
        if key is None:
            raise NotFound(f"API key {key_id} not found")
        return key

    def take_turn(self) -> None:
        """Wait for other changes of access here, and hold up those that follow until
        the caller's transaction ends."""
        if self.project_id:
            take_turn(self.project_id)
        else:
            Organization.objects.select_for_update(no_key=True).get(
                pk=self.organization_id
            )
