"""The table of webhooks."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.identity.models import Project
from apps.kernel.fields import TypedIdField
from apps.kernel.ids import IdKind


class Scheme(models.TextChoices):
    """How a webhook's messages are signed."""

    V1 = "v1", "with a key of ours: v1 and Standard Webhooks"
    BODY = "body", "the body, with a secret that somebody chose"


class Webhook(models.Model):
    """Where to tell which public events. No ``events`` means all; without ``url``, or
    disabled, it hears none. ``disabled_reason`` says why we disabled it ourselves.
    """

    id = TypedIdField(IdKind.WEBHOOK)
    project = models.ForeignKey(Project, models.CASCADE)
    name = models.CharField(max_length=128)
    url = models.TextField(blank=True)
    events = ArrayField(models.CharField(max_length=128), default=list)
    enabled = models.BooleanField(default=True)
    disabled_reason = models.TextField(blank=True, default="")
    tags = models.JSONField(default=dict)
    scheme = models.CharField(max_length=8, choices=Scheme.choices, default=Scheme.V1)
    secret_version = models.PositiveIntegerField(default=1)
    created_by = models.CharField(max_length=128, blank=True)
    updated_by = models.CharField(max_length=128, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="webhook_name_once_in_project", fields=["project", "name"]
            ),
        ]
        indexes = [
            models.Index(fields=["project", "-created_at", "-id"], name="webhook_list"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def secret_ref(self) -> str:
        """What its signing key is called."""
        return f"mobius/webhook/{self.id}"
