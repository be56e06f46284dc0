"""Admin pages of secrets: what exists and since when, never what it says."""

from collections.abc import Sequence

from django.contrib import admin
from django.http import HttpRequest

from apps.kernel.admin import ReadOnlyAdmin, badge, link, related
from apps.kernel.admin_sections import Section, instant, pill
from apps.secrets.models import Secret, SecretVersion

VERSIONS_MAX = 20
STATES = {"ENABLED": "success", "DISABLED": "warning", "DESTROYED": "danger"}


@admin.register(Secret)
class SecretAdmin(ReadOnlyAdmin):
    """Secrets, deleted ones included."""

    list_display = [
        *("name", "standing", "version", "keys", "place", "updated_at"),
    ]
    list_filter = [("deleted_at", admin.EmptyFieldListFilter), "project"]
    list_select_related = ["project"]
    search_fields = ["id", "name", "description"]
    ordering = ["-updated_at"]
    fields = [
        ("id", "place"),
        ("name", "standing"),
        ("description",),
        ("version", "keys"),
        ("created_at", "creator"),
        ("updated_at", "changer"),
        ("deleted_at",),
    ]
    readonly_fields = ["place", "standing", "keys", "creator", "changer"]

    standing = badge(
        "deleted_at",
        {"present": "success", "deleted": "danger"},
        description="state",
        value=lambda secret: "deleted" if secret.deleted_at else "present",
    )

    def sections(self, request: HttpRequest, row: Secret) -> Sequence[Section]:
        """Show the latest versions."""
        latest = row.versions.order_by("-version")[:VERSIONS_MAX]
        return [
            Section(
                "Versions",
                headers=["Version", "State", "Created", "By", "Destroyed"],
                rows=[
                    (
                        link("secrets", "secretversion", one.id, f"v{one.version}"),
                        pill(one.state, STATES),
                        instant(one.created_at),
                        link("identity", "principal", one.created_by),
                        instant(one.destroyed_at),
                    )
                    for one in latest
                ],
            )
        ]

    @related("project", order_by="project__handle")
    def place(self, secret: Secret) -> str:
        """Link to the project."""
        return link("identity", "project", secret.project_id, secret.project)

    @related("keys")
    def keys(self, secret: Secret) -> str:
        """Name the keys."""
        return ", ".join(secret.key_names)

    @related("created by")
    def creator(self, secret: Secret) -> str:
        """Link to who made it."""
        return link("identity", "principal", secret.created_by)

    @related("changed by")
    def changer(self, secret: Secret) -> str:
        """Link to who changed it last."""
        return link("identity", "principal", secret.updated_by)


@admin.register(SecretVersion)
class SecretVersionAdmin(ReadOnlyAdmin):
    """Versions, without what is sealed in them."""

    list_display = ["id", "name", "version", "standing", "created_at"]
    list_filter = ["state", "created_at"]
    list_select_related = ["secret"]
    search_fields = ["id", "secret__id", "secret__name"]
    ordering = ["-created_at", "-version"]
    fields = [
        ("name", "version"),
        ("standing", "sha256"),
        ("created_at", "creator"),
        ("destroyed_at",),
    ]
    readonly_fields = ["name", "standing", "creator"]

    standing = badge("state", STATES)

    @related("secret", order_by="secret__name")
    def name(self, version: SecretVersion) -> str:
        """Link to the secret."""
        return link("secrets", "secret", version.secret_id, version.secret.name)

    @related("created by")
    def creator(self, version: SecretVersion) -> str:
        """Link to who made it."""
        return link("identity", "principal", version.created_by)
