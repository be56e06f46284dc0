"""HTTP for the keys of an organization."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from apps.identity.actor import Actor
from apps.identity.key_requests import read_new_organization_key
from apps.identity.key_views import ApiKeyViewSet
from apps.identity.keyrings import Keyring
from apps.identity.minting import IssuedKey
from apps.identity.services.issue_organization_key import issue_organization_key
from apps.kernel.errors import PermissionDenied


class OrganizationKeyViewSet(ApiKeyViewSet):
    """``/v1/api-keys``: those of the organization, for its own keys only. With
    ``project_id``, in the query or the body, it is the list of that project."""

    def enter(self, **kwargs: Any) -> None:
        """Step into the project that is named, if one is.

        Raises:
            NotFound: it is not the caller's project.
        """
        self.project_id = ""
        named = self._named()
        if named:
            super().enter(project=named)

    def check_open(self) -> None:
        """Let keys of projects not meddle with those of the organization.

        Raises:
            PermissionDenied: the caller is of a project.
            Conflict: the project that is named is archived.
        """
        if self.project_id:
            super().check_open()
        elif not self.caller.of_organization:
            raise PermissionDenied(
                "keys of the organization are managed with one of its keys; name a"
                " project in project_id for those of the project"
            )

    def scope_id(self) -> str:
        """Return the id of the project, or of the organization."""
        return self.ring().owner_id

    def ring(self) -> Keyring:
        """Return the keys of the project that is named, else of the organization."""
        if self.project_id:
            return Keyring(self.project_id)
        return Keyring(organization_id=self.caller.organization_id)

    def issuing(self, data: Any, now: datetime) -> Callable[[], IssuedKey]:
        """Read a key of the organization, or of a principal of the project."""
        is_read = isinstance(data, Mapping) and (
            self.project_id or data.get("project_id") is None
        )
        if is_read:
            data = {name: data[name] for name in data if name != "project_id"}
        if self.project_id:
            return super().issuing(data, now)
        new = read_new_organization_key(data)
        organization_id = self.caller.organization_id
        by = Actor.of_caller(self.caller)
        return lambda: issue_organization_key(organization_id, new, by=by, now=now)

    def _named(self) -> str:
        """Return the project that is named, "" for none."""
        named = self.request.query_params.get("project_id")
        if not named and self.action == "create":
            sent = self.request.data
            named = sent.get("project_id") if isinstance(sent, Mapping) else None
        return named if isinstance(named, str) else ""
