"""The table of questions."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from apps.kernel.fields import ReferenceField, TypedIdField
from apps.kernel.ids import IdKind


class InteractionStatus(models.TextChoices):
    """The life of a question."""

    PENDING = "pending"
    IN_REVIEW = "in_review"
    COMPLETED = "completed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Dialect(models.TextChoices):
    """In whose words a question was asked, and is shown."""

    WORKFLOW = "workflow"
    LOOP = "loop"


class Origin(models.TextChoices):
    """What asked: a step, a job's worker, somebody for a run, somebody for nothing."""

    STEP = "step"
    JOB = "job"
    RUN = "run"
    STANDALONE = "standalone"


#: Statuses in which something can still happen.
OPEN = (InteractionStatus.PENDING, InteractionStatus.IN_REVIEW)


class Interaction(models.Model):
    """One question. Lock order: run, job, interaction, stream.

    ``value``, ``comment``, ``responder_id`` and ``resolved_by`` are the outcome;
    single answers are rows of their own. Columns with a database default are newer
    than the first version, which must still be able to insert.
    """

    id = TypedIdField(IdKind.INTERACTION)
    project_id = ReferenceField()
    run_id = ReferenceField(blank=True, default="")
    task_id = models.IntegerField(null=True, blank=True)
    job_id = ReferenceField(blank=True, default="", db_default="")
    step_name = models.CharField(max_length=128, blank=True, default="", db_default="")
    signal_name = models.CharField(max_length=128, blank=True, default="")
    origin = models.CharField(max_length=16, blank=True, default="", db_default="")
    dialect = models.CharField(
        max_length=16, default=Dialect.WORKFLOW.value, db_default=Dialect.WORKFLOW.value
    )
    type = models.CharField(max_length=16)
    status = models.CharField(
        max_length=16,
        choices=InteractionStatus.choices,
        default=InteractionStatus.PENDING,
    )
    message = models.TextField()
    description = models.TextField(blank=True, default="", db_default="")
    context = models.JSONField(null=True, blank=True)
    subject = models.JSONField(null=True, blank=True)
    references = models.JSONField(null=True, blank=True)
    properties = models.JSONField(null=True, blank=True)
    tags = models.JSONField(null=True, blank=True)
    spec = models.JSONField(null=True, blank=True)

    target_type = models.CharField(max_length=16)
    target_id = models.CharField(max_length=128)
    targets = models.JSONField(null=True, blank=True)
    require_all = models.BooleanField(default=False)
    routing_policy = models.CharField(
        max_length=16, blank=True, default="", db_default=""
    )
    policy = models.CharField(max_length=16, default="any_of", db_default="any_of")
    threshold = models.PositiveIntegerField(null=True, blank=True)
    barred = models.JSONField(null=True, blank=True)
    allow_delegation = models.BooleanField(default=False, db_default=False)
    reminders = models.JSONField(null=True, blank=True)
    escalation = models.JSONField(null=True, blank=True)
    review = models.JSONField(null=True, blank=True)
    consumer = models.JSONField(null=True, blank=True)
    delivery = models.JSONField(null=True, blank=True)

    created_by = ReferenceField(blank=True, default="", db_default="")
    claimed_by = models.CharField(max_length=128, blank=True, default="", db_default="")
    claimed_at = models.DateTimeField(null=True, blank=True)
    review_round = models.PositiveIntegerField(default=1, db_default=1)
    submitted_at = models.DateTimeField(null=True, blank=True)
    review_feedback = models.TextField(blank=True, default="", db_default="")
    reviewer_id = ReferenceField(blank=True, default="", db_default="")

    value = models.JSONField(null=True, blank=True)
    comment = models.TextField(blank=True, default="")
    responder_id = models.CharField(
        max_length=128, blank=True, default="", db_collation="C"
    )
    responder_type = models.CharField(
        max_length=16, blank=True, default="", db_default=""
    )
    resolved_by = models.CharField(
        max_length=255, blank=True, default="", db_default=""
    )
    resolving_response_id = ReferenceField(blank=True, default="", db_default="")
    cancel_reason = models.TextField(blank=True, default="", db_default="")
    lifecycle = models.JSONField(null=True, blank=True)

    expires_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        permissions = [("respond_for_others", "Can answer and cancel for others")]
        constraints = [
            models.UniqueConstraint(
                name="interaction_once_for_task",
                fields=["run_id", "task_id"],
                condition=~Q(run_id="") & Q(task_id__isnull=False),
            ),
            models.CheckConstraint(
                name="interaction_answered_iff_completed",
                condition=Q(status="completed", completed_at__isnull=False)
                | ~Q(status="completed") & Q(completed_at__isnull=True),
            ),
        ]
        indexes = [
            models.Index(
                fields=["project_id", "status", "-created_at", "-id"],
                name="interaction_list",
            ),
            models.Index(
                fields=["project_id", "-created_at", "-id"],
                name="interaction_list_any",
            ),
            models.Index(fields=["run_id"], name="interaction_of_run"),
            models.Index(
                fields=["target_id", "-created_at"],
                name="interaction_of_target",
                condition=Q(status__in=("pending", "in_review")),
            ),
            models.Index(
                fields=["expires_at"],
                name="interaction_due",
                condition=Q(status="pending", expires_at__isnull=False),
            ),
            models.Index(
                fields=["expires_at"],
                name="interaction_review_due",
                condition=Q(status="in_review", expires_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"

    def status_at(self, now: datetime) -> InteractionStatus:
        """Return the status; a question is over the moment its time ran out."""
        status = InteractionStatus(self.status)
        overdue = self.expires_at is not None and self.expires_at <= now
        return InteractionStatus.EXPIRED if status in OPEN and overdue else status

    def is_open(self, now: datetime) -> bool:
        """Say whether something can still happen to it."""
        return self.status_at(now) in OPEN

    @property
    def asks_group(self) -> bool:
        """Say whether a group is asked whose first answer counts: it can be claimed."""
        return self.target_type == "group" and self.policy == "any_of"
