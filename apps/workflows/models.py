"""Tables of definitions."""

from django.db import models

from apps.identity.models import Project
from apps.kernel.fields import TypedIdField
from apps.kernel.ids import IdKind


class Spec(models.Model):
    """A checked spec as it was sent, stored once per content.

    ``digest`` is the SHA-256 of its canonical JSON. Versions and runs pin specs by
    digest; what it says never changes.
    """

    digest = models.CharField(max_length=64, primary_key=True, db_collation="C")
    body = models.JSONField()
    created_at = models.DateTimeField()
    condemned_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When retention found nobody that refers to it.",
    )

    def __str__(self) -> str:
        return self.digest[:12]


class Workflow(models.Model):
    """An authored definition; runs use its latest version."""

    id = TypedIdField(IdKind.WORKFLOW)
    project = models.ForeignKey(Project, models.CASCADE)
    organization_id = models.CharField(max_length=40, db_collation="C")
    name = models.CharField(max_length=128)
    handle = models.CharField(max_length=128)
    description = models.TextField(blank=True)
    published_as_tool = models.BooleanField(default=False)
    tags = models.JSONField(default=dict, blank=True)
    latest_version = models.PositiveIntegerField(default=1)
    created_by = models.CharField(max_length=128, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="workflow_name_once_in_project", fields=["project", "name"]
            ),
            models.UniqueConstraint(
                name="workflow_handle_once_in_organization",
                fields=["organization_id", "handle"],
            ),
        ]
        indexes = [
            models.Index(fields=["project", "-created_at", "-id"], name="workflow_list")
        ]

    def __str__(self) -> str:
        return self.name


class WorkflowVersion(models.Model):
    """An immutable revision of a workflow: a number and a spec."""

    id = TypedIdField(IdKind.WORKFLOW_VERSION)
    workflow = models.ForeignKey(Workflow, models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    spec = models.ForeignKey(Spec, models.PROTECT)
    created_by = models.CharField(max_length=128, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="version_once_in_workflow", fields=["workflow", "version"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.workflow} v{self.version}"
