"""Tables of definitions."""

from django.db import models
from django.db.models import Q

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


class Dialect(models.TextChoices):
    """In which generation's words a definition was authored and is shown."""

    WORKFLOW = "workflow"
    AUTOMATION = "automation"
    LOOP = "loop"


class DefinitionStatus(models.TextChoices):
    """Whether runs may start: only of active ones. Workflows are always active.

    Archived automations and deleted loops are hidden; their runs stay.
    """

    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    ARCHIVED = "archived"
    DELETED = "deleted"


HIDDEN = (DefinitionStatus.ARCHIVED, DefinitionStatus.DELETED)


class Workflow(models.Model):
    """An authored definition; runs use its latest version, in the linear dialects
    the one that is published.

    ``defaults`` are inputs that every run gets unless its caller says otherwise: an
    automation's ``default_inputs``, a loop's ``default_config``.
    """

    id = TypedIdField(IdKind.WORKFLOW)
    project = models.ForeignKey(Project, models.CASCADE)
    organization_id = models.CharField(max_length=40, db_collation="C")
    name = models.CharField(max_length=128)
    handle = models.CharField(max_length=128)
    description = models.TextField(blank=True)
    published_as_tool = models.BooleanField(default=False)
    tags = models.JSONField(default=dict, blank=True)
    latest_version = models.PositiveIntegerField(default=1)
    dialect = models.CharField(
        max_length=16,
        choices=Dialect.choices,
        default=Dialect.WORKFLOW,
        db_default=Dialect.WORKFLOW,
    )
    status = models.CharField(
        max_length=16,
        choices=DefinitionStatus.choices,
        default=DefinitionStatus.ACTIVE,
        db_default=DefinitionStatus.ACTIVE,
    )
    published_version = models.PositiveIntegerField(
        default=0, db_default=0, help_text="0: none; workflows run their latest."
    )
    agent_id = models.CharField(max_length=128, blank=True, default="", db_default="")
    defaults = models.JSONField(default=dict, blank=True, db_default={})
    settings = models.JSONField(default=dict, blank=True, db_default={})
    archived_at = models.DateTimeField(null=True, blank=True)
    created_by = models.CharField(max_length=128, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="workflow_name_once_in_project",
                fields=["project", "name"],
                condition=Q(dialect=Dialect.WORKFLOW),
            ),
            models.UniqueConstraint(
                name="loop_name_once_in_project",
                fields=["project", "name"],
                condition=Q(dialect=Dialect.LOOP) & ~Q(status=DefinitionStatus.DELETED),
            ),
            models.UniqueConstraint(
                name="workflow_handle_once_in_organization",
                fields=["organization_id", "handle"],
                condition=Q(dialect=Dialect.WORKFLOW),
            ),
            models.UniqueConstraint(
                name="workflow_handle_once_in_project", fields=["project", "handle"]
            ),
        ]
        indexes = [
            models.Index(
                fields=["project", "-created_at", "-id"], name="workflow_list"
            ),
            models.Index(
                fields=["project", "dialect", "-created_at", "-id"],
                name="workflow_list_of_dialect",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class VersionStatus(models.TextChoices):
    """Where a version stands. At most one of a definition is published at a time."""

    DRAFT = "draft"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"


class WorkflowVersion(models.Model):
    """An immutable revision of a workflow: a number and a spec.

    Versions of workflows are published by being the latest. ``compiled_plan`` is kept
    for clients that send one; nothing here reads it.
    """

    id = TypedIdField(IdKind.WORKFLOW_VERSION)
    workflow = models.ForeignKey(Workflow, models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    spec = models.ForeignKey(Spec, models.PROTECT)
    status = models.CharField(
        max_length=16,
        choices=VersionStatus.choices,
        default=VersionStatus.PUBLISHED,
        db_default=VersionStatus.PUBLISHED,
    )
    compiled_plan = models.JSONField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
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
