"""Admin pages of access."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from apps.identity import accounts, key_admin, organization_admin, role_admin
from apps.identity.actor import Actor
from apps.identity.forms import HandleForm, IssueKeyForm
from apps.identity.models import Principal, PrincipalKind, Project
from apps.identity.services.archive_project import archive_project
from apps.identity.services.create_principal import NewPrincipal, create_principal
from apps.identity.services.create_project import NewProject, create_project
from apps.identity.services.issue_key import NewKey, issue_key
from apps.identity.services.restore_project import restore_project
from apps.identity.services.update_principal import PrincipalChanges, update_principal
from apps.identity.services.update_project import ProjectChanges, update_project
from apps.kernel import clock
from apps.kernel.admin import DatedAdmin, badge, button, link, link_list, related
from apps.kernel.admin_sections import Section, json_section

__all__ = ["accounts", "key_admin", "organization_admin", "role_admin"]


def operator(request: HttpRequest) -> Actor:
    """Return who works on the admin pages."""
    return Actor.of_account(request.user.get_username())


@admin.register(Project)
class ProjectAdmin(DatedAdmin):
    """Projects."""

    form = HandleForm
    fields = [
        *("id", "organization", "name", "handle", "description"),
        *("keep_runs_days", "keep_run_events_days", "keep_source_events_days"),
        *("archived_at", "created_by", "created_at", "updated_at"),
    ]
    fixed_fields = ["organization", "handle"]
    autocomplete_fields = ["organization"]
    list_display = ["handle", "name", "standing", "tenant", "members", "created_at"]
    list_filter = ["organization", ("archived_at", admin.EmptyFieldListFilter)]
    list_select_related = ["organization"]
    search_fields = ["id", "name", "handle", "description"]
    actions_detail = ["archive", "restore"]

    standing = badge(
        "archived_at",
        {"active": "success", "archived": "warning"},
        description="state",
        value=lambda project: "archived" if project.archived_at else "active",
    )

    def get_readonly_fields(
        self, request: HttpRequest, obj: Any = None
    ) -> Sequence[str]:
        """Add what buttons and services write."""
        written = ["archived_at", "created_by"]
        return [*super().get_readonly_fields(request, obj), *written]

    def sections(self, request: HttpRequest, row: Project) -> Sequence[Section]:
        """Show the tags."""
        return [json_section("Tags", row.tags, closed=True)]

    def save_model(
        self, request: HttpRequest, obj: Any, form: "ModelForm[Any]", change: bool
    ) -> None:
        """Create or change the project."""
        now = clock.now()
        if change:
            changes = ProjectChanges(name=obj.name, description=obj.description)
            update_project(obj.pk, changes, by=operator(request), now=now)
        else:
            new = NewProject(obj.name, obj.handle, obj.description)
            made = create_project(obj.organization, new, by=operator(request), now=now)
            as_made(obj, made, "created_at", "created_by")
        super().save_model(request, obj, form, change=True)

    def offers(self, name: str, row: Project) -> bool:
        """Offer the one of the two buttons that changes something."""
        return (name == "restore") == (row.archived_at is not None)

    @button(
        "Archive",
        question="From now on nothing begins here: no run, no trigger, no change."
        " Runs under way go on.",
        icon="archive",
        danger=True,
    )
    def archive(self, request: HttpRequest, object_id: str) -> str:
        """Archive the project."""
        project = archive_project(object_id, by=operator(request), now=clock.now())
        return f"The project {project.handle} is archived."

    @button(
        "Restore",
        question="Triggers go on from now; what they missed is not caught up on.",
        icon="unarchive",
    )
    def restore(self, request: HttpRequest, object_id: str) -> str:
        """Restore the project."""
        project = restore_project(object_id, by=operator(request), now=clock.now())
        return f"The project {project.handle} is restored."

    @related("organization", order_by="organization__name")
    def tenant(self, project: Project) -> str:
        """Link to the organization."""
        return link(
            "identity", "organization", project.organization_id, project.organization
        )

    @related("principals")
    def members(self, project: Project) -> str:
        """Link to the principals of this project."""
        return link_list(
            "identity", "principal", "principals", project__id__exact=project.id
        )


@admin.register(Principal)
class PrincipalAdmin(DatedAdmin):
    """Who acts, with the button that issues a key."""

    fields = [
        *("id", "project", "kind", "name", "email", "description", "disabled", "user"),
        *("roles", "keys", "deleted_at", "created_at", "updated_at"),
    ]
    fixed_fields = ["project", "name", "kind"]
    autocomplete_fields = ["project", "user"]
    list_display = ["name", "kind_badge", "standing", "place", "roles", "keys"]
    list_filter = ["kind", "disabled", "project"]
    list_select_related = ["project", "organization"]
    search_fields = ["id", "name", "email"]
    actions_detail = ["issue"]

    kind_badge = badge(
        "kind", {"human": "success", "service": "info", "agent": "warning"}
    )

    standing = badge(
        "disabled",
        {"active": "success", "disabled": "danger"},
        description="state",
        value=lambda principal: principal.state,
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Principal]:
        """Fetch the roles with the rows."""
        rows: QuerySet[Principal] = super().get_queryset(request)
        return rows.prefetch_related("assignments__role")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Any = None
    ) -> Sequence[str]:
        """Add the two columns that are computed, and what a service writes."""
        fields = [*super().get_readonly_fields(request, obj), "roles", "keys"]
        if obj is not None and obj.organization_id is not None:
            fields += ["email", "user"]
        is_deleted = obj is not None and obj.deleted_at is not None
        return [*fields, "deleted_at", *(["disabled", "user"] if is_deleted else [])]

    def offers(self, name: str, row: Principal) -> bool:
        """Offer keys of a project; those of an organization are issued on its page."""
        return name != "issue" or row.organization_id is None

    def sections(self, request: HttpRequest, row: Principal) -> Sequence[Section]:
        """Show tags and metadata."""
        return [
            json_section("Tags", row.tags, closed=True),
            json_section("Metadata", row.metadata, closed=True),
        ]

    def save_model(
        self, request: HttpRequest, obj: Any, form: "ModelForm[Any]", change: bool
    ) -> None:
        """Create or change the principal. That of an organization has no service: its
        kill switch is a field, for the operator alone."""
        now = clock.now()
        if not change:
            new = NewPrincipal(obj.name, PrincipalKind(obj.kind), obj.email)
            made = create_principal(obj.project_id, new, by=operator(request), now=now)
            as_made(obj, made, "created_at")
        if "disabled" in form.changed_data and obj.organization_id is None:
            changes = PrincipalChanges(disabled=obj.disabled)
            by = operator(request)
            update_principal(obj.project_id, obj.pk, changes, by=by, now=now)
        super().save_model(request, obj, form, change=True)

    @related("project", order_by="project__handle")
    def place(self, principal: Principal) -> str:
        """Link to the project, or to the organization of its system principal."""
        tenant = principal.organization
        if tenant is not None:
            return link("identity", "organization", tenant.pk, tenant)
        return link("identity", "project", principal.project_id, principal.project)

    @related("roles")
    def roles(self, principal: Principal) -> str:
        """Name the roles and link to their assignments."""
        if not principal.pk or principal._state.adding:
            return self.empty_value_display
        names = [held.role.name for held in principal.assignments.all()]
        return link_list(
            "identity",
            "roleassignment",
            ", ".join(sorted(names)) or "none",
            principal__id__exact=principal.id,
        )

    @related("API keys")
    def keys(self, principal: Principal) -> str:
        """Link to the keys."""
        if principal._state.adding:
            return self.empty_value_display
        return link_list(
            "identity", "apikey", "keys", principal__id__exact=principal.id
        )

    def has_operate_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Issuing a key is adding a key."""
        return request.user.has_perm("identity.add_apikey")

    @button(
        "Issue API key",
        question="The key is shown once, on the next page.",
        form=IssueKeyForm,
        icon="key",
    )
    def issue(
        self, request: HttpRequest, object_id: str, filled: dict[str, Any]
    ) -> str:
        """Issue a key and show it, this once."""
        now = clock.now()
        days = filled["expires_in_days"]
        new = NewKey(
            name=filled["name"],
            expires_at=now + timedelta(days=days) if days else None,
        )
        principal = Principal.objects.get(pk=object_id)
        issued = issue_key(principal, new, by=operator(request), now=now)
        return f"Copy the key now, it is not shown again: {issued.secret}"


def as_made(row: Model, made: Model, *fields: str) -> None:
    """Let the form go on with the row that a service made."""
    row.pk = made.pk
    row._state.adding = False
    for field in fields:
        setattr(row, field, getattr(made, field))
