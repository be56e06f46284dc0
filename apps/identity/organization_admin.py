"""Admin pages of organizations."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.identity.actor import Actor
from apps.identity.forms import HandleForm, IssueOrganizationKeyForm
from apps.identity.models import Organization
from apps.identity.services.issue_organization_key import (
    NewOrganizationKey,
    issue_organization_key,
)
from apps.kernel import clock
from apps.kernel.admin import DatedAdmin, button, link_list, related


@admin.register(Organization)
class OrganizationAdmin(DatedAdmin):
    """Tenants, with the button that issues a key for all projects of one."""

    form = HandleForm
    fields = ["id", "name", "handle", "created_at"]
    fixed_fields = ["handle"]
    list_display = ["name", "handle", "projects", "keys", "created_at"]
    search_fields = ["id", "name", "handle"]
    actions_detail = ["issue"]

    @related("projects")
    def projects(self, organization: Organization) -> str:
        """Link to the projects of this tenant."""
        return link_list(
            "identity", "project", "projects", organization__id__exact=organization.id
        )

    @related("API keys")
    def keys(self, organization: Organization) -> str:
        """Link to the keys that work in all its projects."""
        owner = {"principal__organization__id__exact": organization.id}
        return link_list("identity", "apikey", "keys", **owner)

    def has_operate_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Issuing a key is adding a key."""
        return request.user.has_perm("identity.add_apikey")

    @button(
        "Issue API key",
        question="It works in every project of the organization, also in those to come."
        " The key is shown once, on the next page.",
        form=IssueOrganizationKeyForm,
        icon="key",
    )
    def issue(
        self, request: HttpRequest, object_id: str, filled: dict[str, Any]
    ) -> str:
        """Issue a key and show it, this once."""
        now = clock.now()
        days = filled["expires_in_days"]
        new = NewOrganizationKey(
            name=filled["name"],
            role=filled["role"],
            expires_at=now + timedelta(days=days) if days else None,
        )
        by = Actor.of_account(request.user.get_username())
        issued = issue_organization_key(object_id, new, by=by, now=now)
        return f"Copy the key now, it is not shown again: {issued.secret}"
