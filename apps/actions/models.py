"""Tables of actions."""

from django.db import models
from django.db.models import Q

from apps.identity.models import Project
from apps.kernel.fields import ReferenceField, TypedIdField
from apps.kernel.ids import IdKind
from apps.secrets.fields import SealedField


class EndpointKind(models.TextChoices):
    """Who does what an action promises."""

    HTTP = "http"
    WORKER = "worker"


class InvocationFormat(models.TextChoices):
    """What the body of a call to an HTTP action is."""

    LEGACY = "legacy"
    SIGNED_CONTEXT = "signed_context_v1"


class Risk(models.TextChoices):
    """What an action may do in wrong hands."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class CustomAction(models.Model):
    """An action of a project's own: an HTTP endpoint, or a name that workers serve.

    ``sealed_key`` signs calls to an endpoint, as version ``key_version``; there is one
    key at a time.
    """

    id = TypedIdField(IdKind.ACTION)
    project = models.ForeignKey(Project, models.CASCADE)
    name = models.CharField(max_length=128, db_collation="C")
    title = models.CharField(max_length=128, blank=True, default="")
    description = models.TextField(blank=True, default="")
    endpoint_kind = models.CharField(
        max_length=8, choices=EndpointKind.choices, default=EndpointKind.HTTP
    )
    endpoint_url = models.TextField(blank=True, default="")
    invocation_format = models.CharField(
        max_length=24,
        choices=InvocationFormat.choices,
        default=InvocationFormat.SIGNED_CONTEXT,
    )
    headers = models.JSONField(
        default=dict,
        blank=True,
        db_default={},
        help_text="Sent with every call; secrets are named, never written out.",
    )
    input_schema = models.JSONField(null=True, blank=True)
    output_schema = models.JSONField(null=True, blank=True)
    annotations = models.JSONField(default=dict)
    tags = models.JSONField(default=dict)
    risk = models.CharField(max_length=8, choices=Risk.choices, default=Risk.MEDIUM)
    timeout_seconds = models.FloatField(default=30)
    enabled = models.BooleanField(default=True)
    sealed_key = SealedField(blank=True, default="")
    key_version = models.PositiveIntegerField(default=0)
    created_by = models.CharField(max_length=128, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="action_name_once_in_project", fields=["project", "name"]
            )
        ]

    def __str__(self) -> str:
        return self.name


class InvocationStatus(models.TextChoices):
    """How a call stands."""

    ACTIVE = "active"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class InvocationOrigin(models.TextChoices):
    """Who called, in the words of signed calls."""

    STEP = "loop_action_step"
    DIRECT = "direct_action_invoke"


class Invocation(models.Model):
    """One call of an action: by a step that the server runs, or directly.

    All attempts are this one row, and its id is their delivery id. A step's is found by
    ``(run_id, task_id)``; a direct one owns its jobs, whose ``run_id`` is its id.
    ``output`` is kept for direct calls only: a step's is on the timeline.
    """

    id = TypedIdField(IdKind.INVOCATION)
    project_id = ReferenceField()
    action = models.CharField(max_length=128, db_collation="C")
    action_id = ReferenceField(blank=True, default="")
    kind = models.CharField(max_length=8)
    origin = models.CharField(max_length=24, choices=InvocationOrigin.choices)
    actor_id = ReferenceField(blank=True, default="")
    actor_type = models.CharField(max_length=16, blank=True, default="")
    run_id = ReferenceField(blank=True, default="")
    task_id = models.IntegerField(default=0)
    step_name = models.CharField(max_length=128, blank=True, default="")
    definition_id = ReferenceField(blank=True, default="")
    job_id = ReferenceField(blank=True, default="")
    parameters = models.JSONField(default=dict)
    status = models.CharField(
        max_length=16,
        choices=InvocationStatus.choices,
        default=InvocationStatus.ACTIVE,
    )
    attempts = models.PositiveIntegerField(default=1)
    retries = models.PositiveIntegerField(default=0)
    http_status = models.PositiveIntegerField(null=True, blank=True)
    secret_version = models.PositiveIntegerField(null=True, blank=True)
    output = models.JSONField(null=True, blank=True)
    output_bytes = models.PositiveIntegerField(null=True, blank=True)
    error_type = models.CharField(max_length=255, blank=True, default="")
    error_message = models.TextField(blank=True, default="")
    timeout_seconds = models.FloatField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="invocation_once_in_run",
                fields=["run_id", "task_id"],
                condition=~Q(run_id=""),
            ),
            models.CheckConstraint(
                name="invocation_finished_iff_not_active",
                condition=Q(status="active", finished_at=None)
                | ~Q(status="active") & Q(finished_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["project_id", "-created_at", "-id"], name="invocation_list"
            ),
            models.Index(
                fields=["job_id"], name="invocation_open", condition=Q(status="active")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.id}"
