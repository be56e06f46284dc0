"""Tables of secrets."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.identity.models import Project
from apps.kernel.fields import ReferenceField, TypedIdField
from apps.kernel.ids import IdKind
from apps.secrets.fields import SealedField


class SecretState(models.TextChoices):
    """What can be done with a version."""

    ENABLED = "ENABLED"
    DISABLED = "DISABLED"
    DESTROYED = "DESTROYED"


class Secret(models.Model):
    """A named slot. A deleted one stays as a record, without its values, and its
    name is free again.

    One with ``owner_id`` belongs to that thing of the project, which makes and renews
    it: the API of secrets does not know it, and nobody else can refer to it.
    """

    id = TypedIdField(IdKind.SECRET)
    project = models.ForeignKey(Project, models.CASCADE)
    name = models.CharField(max_length=128)
    description = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)
    key_names = ArrayField(models.CharField(max_length=128), default=list)
    created_by = models.CharField(max_length=128, blank=True)
    updated_by = models.CharField(max_length=128, blank=True)
    owner_id = ReferenceField(blank=True, default="", db_default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="secret_name_once_in_project",
                fields=["project", "name"],
                condition=Q(deleted_at=None),
            )
        ]
        indexes = [
            models.Index(fields=["project", "-created_at", "-id"], name="secret_list")
        ]

    def __str__(self) -> str:
        return self.name


class SecretVersion(models.Model):
    """The values of one moment: ``sealed`` is empty once they are destroyed.

    An enabled one with ``retires_at`` has a successor and is good until that instant.

    ``sha256`` is of the values' canonical JSON, so that somebody who has them can
    tell whether these are they.
    """

    id = TypedIdField(IdKind.SECRET_VERSION)
    secret = models.ForeignKey(Secret, models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    state = models.CharField(
        max_length=16, choices=SecretState.choices, default=SecretState.ENABLED
    )
    sealed = SealedField(blank=True)
    sha256 = models.CharField(max_length=64)
    created_by = models.CharField(max_length=128, blank=True)
    created_at = models.DateTimeField()
    retires_at = models.DateTimeField(null=True, blank=True)
    destroyed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="secret_version_once", fields=["secret", "version"]
            )
        ]
        indexes = [
            models.Index(
                fields=["retires_at"],
                name="secret_version_retiring",
                condition=Q(retires_at__isnull=False, destroyed_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.secret} v{self.version}"
