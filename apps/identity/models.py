"""Tables of access: who exists, where, and what they may do."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from apps.kernel.fields import ReferenceField, TypedIdField
from apps.kernel.ids import IdKind

#: A hundred years: as good as for ever.
KEEP_DAYS_MAX = 36_500


def days_field(help_text: str) -> "models.PositiveIntegerField[Any, Any]":
    """A number of days; empty is what the server's settings say."""
    return models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(KEEP_DAYS_MAX)],
        help_text=f"{help_text} Empty: the server's default.",
    )


#: How long the signature of somebody who acts can be; see ``Actor.signature``.
ACTOR_LENGTH_MAX = 192


class Organization(models.Model):
    """The tenant: owns projects."""

    id = TypedIdField(IdKind.ORGANIZATION)
    name = models.CharField(max_length=128)
    handle = models.CharField(max_length=63, unique=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Project(models.Model):
    """The place where everything lives; its handle stands in the paths."""

    id = TypedIdField(IdKind.PROJECT)
    organization = models.ForeignKey(Organization, models.PROTECT)
    name = models.CharField(max_length=128)
    handle = models.CharField(max_length=63, unique=True)
    description = models.TextField(blank=True)
    keep_runs_days = days_field(
        "Days that a finished run is kept, with all that belongs to it."
    )
    keep_run_events_days = days_field(
        "Days that the timeline of a finished run is kept; it goes with the run at the"
        " latest."
    )
    keep_source_events_days = days_field("Days that public source events are kept.")
    tags = models.JSONField(default=dict, blank=True, db_default={})
    created_by = models.CharField(
        max_length=ACTOR_LENGTH_MAX, blank=True, default="", db_default=""
    )
    archived_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when nothing begins here any more."
    )
    restored_at = models.DateTimeField(
        null=True, blank=True, help_text="Slots up to then are not caught up on."
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["handle"]

    def __str__(self) -> str:
        return self.handle


class PrincipalKind(models.TextChoices):
    """What sort of somebody a principal is."""

    HUMAN = "human"
    SERVICE = "service"
    AGENT = "agent"
    SYSTEM = "system"


class Purpose(models.TextChoices):
    """What a machine principal is for; a word for readers, it allows nothing."""

    API_CLIENT = "api_client"
    AGENT = "agent"
    RUNTIME_WORKER = "runtime_worker"
    SYSTEM = "system"


class Principal(models.Model):
    """Somebody who acts in one project: a person, a service, an agent, the system.

    One without a project is the system principal of its organization, whose keys work
    in every project of it. A deleted one is disabled for good and its name is free; the
    row stays, because what it did names it.
    """

    id = TypedIdField(IdKind.PRINCIPAL)
    project = models.ForeignKey(
        Project, models.CASCADE, null=True, related_name="principals"
    )
    organization = models.ForeignKey(
        Organization, models.CASCADE, null=True, blank=True, related_name="principals"
    )
    kind = models.CharField(max_length=16, choices=PrincipalKind.choices)
    name = models.CharField(max_length=128)
    email = models.EmailField(blank=True)
    description = models.TextField(blank=True, default="", db_default="")
    owner_id = ReferenceField(
        blank=True,
        default="",
        db_default="",
        help_text="The principal who answers for it.",
    )
    purpose = models.CharField(
        max_length=16,
        choices=Purpose.choices,
        default=Purpose.API_CLIENT,
        db_default=Purpose.API_CLIENT,
    )
    metadata = models.JSONField(default=dict, blank=True, db_default={})
    tags = models.JSONField(default=dict, blank=True, db_default={})
    disabled = models.BooleanField(default=False, help_text="A reversible kill switch.")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="principals",
        help_text="The account with which a person signs in to the browser pages.",
    )
    deleted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="principal_name_once_in_project",
                fields=["project", "name"],
                condition=Q(deleted_at=None),
            ),
            models.UniqueConstraint(
                name="system_principal_once_in_organization", fields=["organization"]
            ),
            models.CheckConstraint(
                name="principal_of_project_or_organization",
                condition=Q(project=None, organization__isnull=False)
                | Q(project__isnull=False, organization=None),
            ),
            models.CheckConstraint(
                name="principal_kind_known",
                condition=Q(kind__in=PrincipalKind.values),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        """``active``, ``disabled`` or ``deleted``."""
        if self.deleted_at is not None:
            return "deleted"
        return "disabled" if self.disabled else "active"


class Role(models.Model):
    """A named set of permissions; without a project it is built in."""

    id = TypedIdField(IdKind.ROLE)
    project = models.ForeignKey(Project, models.CASCADE, null=True, blank=True)
    name = models.CharField(max_length=64)
    description = models.TextField(blank=True)
    permissions = ArrayField(models.CharField(max_length=128), default=list)
    system_defined = models.BooleanField(default=False)
    tags = models.JSONField(default=dict, blank=True, db_default={})
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="role_name_once_in_project",
                fields=["project", "name"],
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return self.name


class RoleAssignment(models.Model):
    """A principal holds a role."""

    id = TypedIdField(IdKind.ROLE_ASSIGNMENT)
    principal = models.ForeignKey(Principal, models.CASCADE, related_name="assignments")
    role = models.ForeignKey(Role, models.CASCADE, related_name="assignments")
    granted_by = models.CharField(
        max_length=ACTOR_LENGTH_MAX, blank=True, default="", db_default=""
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="role_assigned_once", fields=["principal", "role"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.principal} is {self.role}"


class ApiKey(models.Model):
    """A credential of one principal. The secret itself is never stored.

    With ``scope_role`` it opens what both the principal and that role may do. A key of
    an organization always has one: it is its role in every project.
    """

    id = TypedIdField(IdKind.API_KEY)
    principal = models.ForeignKey(Principal, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=128)
    prefix = models.CharField(
        max_length=16, help_text="First characters, to tell keys apart."
    )
    digest = models.CharField(
        max_length=64, unique=True, help_text="SHA-256 of the key, hexadecimal."
    )
    scope_role = models.ForeignKey(
        Role, models.PROTECT, null=True, blank=True, related_name="capped_keys"
    )
    tags = models.JSONField(default=dict, blank=True, db_default={})
    created_by = models.CharField(
        max_length=ACTOR_LENGTH_MAX, blank=True, default="", db_default=""
    )
    replaced_by = ReferenceField(
        blank=True, default="", db_default="", help_text="The key it was rotated to."
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def state(self, now: datetime) -> str:
        """Return ``active``, ``expired`` or ``revoked``."""
        if self.revoked_at is not None:
            return "revoked"
        expired = self.expires_at is not None and self.expires_at <= now
        return "expired" if expired else "active"
