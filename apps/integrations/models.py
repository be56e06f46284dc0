"""The table of integrations."""

from django.db import models

from apps.identity.models import Project
from apps.kernel.fields import TypedIdField
from apps.kernel.ids import IdKind
from apps.secrets.fields import SealedField


class Provider(models.TextChoices):
    """Whose deliveries are understood."""

    GITHUB = "github", "GitHub"
    LINEAR = "linear", "Linear"
    SLACK = "slack", "Slack"
    JIRA = "jira", "Jira"
    GMAIL = "gmail", "Gmail"


class Integration(models.Model):
    """Where a provider reports to a project, and how its reports are told from others.

    ``handle`` is part of a public address and cannot be guessed, but proves nothing:
    the signature does. Gmail has no secret: Google signs with keys of its own.
    """

    id = TypedIdField(IdKind.INTEGRATION)
    project = models.ForeignKey(Project, models.CASCADE)
    name = models.CharField(max_length=128)
    provider = models.CharField(max_length=16, choices=Provider.choices)
    enabled = models.BooleanField(default=True)
    config = models.JSONField(default=dict)
    handle = models.CharField(max_length=64, db_collation="C")
    sealed_secret = SealedField(blank=True, default="")
    created_by = models.CharField(max_length=128, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="integration_name_once_in_project", fields=["project", "name"]
            ),
            models.UniqueConstraint(name="integration_handle_once", fields=["handle"]),
        ]
        indexes = [
            models.Index(
                fields=["project", "-created_at", "-id"], name="integration_list"
            ),
        ]

    def __str__(self) -> str:
        return self.name
