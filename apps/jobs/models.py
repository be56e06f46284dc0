"""Tables of the queue."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, Value

from apps.kernel.fields import ReferenceField, TraceparentField, TypedIdField
from apps.kernel.ids import IdKind


class JobStatus(models.TextChoices):
    """The life of one attempt.

    pending -> claimed -> completed | failed | lost; a cancelled run turns pending
    into cancelled at once, and claimed when its worker answers or falls silent.
    """

    PENDING = "pending"
    CLAIMED = "claimed"
    COMPLETED = "completed"
    FAILED = "failed"
    LOST = "lost"
    CANCELLED = "cancelled"


class Origin(models.TextChoices):
    """What a job is part of, in the words of the worker socket.

    A step of a workflow has no word there; every client knows the last one.
    """

    AUTOMATION_STEP = "automation_action_step"
    LOOP_STEP = "loop_action_step"
    DIRECT = "direct_action_invoke"
    SERVER = "server_internal"


class Job(models.Model):
    """One attempt at an action. A retry is a new row.

    ``run_id`` is the run, or the invocation of an action called without one.
    Hot table: no foreign keys, written by ``jobs.sql`` only. The fence of a claimed
    row is the pair (worker_id, attempt), or its lease token if it has one: that of a
    claim over the socket. Lock order: run, job, stream.
    """

    id = TypedIdField(IdKind.JOB)
    project_id = ReferenceField()
    run_id = ReferenceField()
    task_id = models.IntegerField()
    workflow_name = models.CharField(max_length=128)
    step_name = models.CharField(max_length=128)
    path = models.CharField(max_length=128, default="main")
    action = models.CharField(max_length=128)
    queue = models.CharField(max_length=128)
    parameters = models.JSONField(default=dict)
    status = models.CharField(
        max_length=16, choices=JobStatus.choices, default=JobStatus.PENDING
    )
    attempt = models.PositiveIntegerField(default=1)
    max_attempts = models.PositiveIntegerField(default=1)
    available_at = models.DateTimeField(help_text="Not claimable before.")
    timeout_seconds = models.FloatField(null=True, blank=True)
    origin = models.CharField(
        max_length=32,
        choices=Origin.choices,
        default=Origin.SERVER,
        db_default=Origin.SERVER,
    )
    worker_id = models.CharField(max_length=255, blank=True, default="")
    lease_token = models.CharField(max_length=64, blank=True, default="", db_default="")
    claimed_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    deadline_at = models.DateTimeField(null=True, blank=True)
    cancel_requested = models.BooleanField(default=False)
    finished_at = models.DateTimeField(null=True, blank=True)
    result = models.BinaryField(null=True)
    error_type = models.CharField(max_length=255, blank=True, default="")
    error_message = models.TextField(blank=True, default="")
    traceparent = TraceparentField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="job_attempt_once", fields=["run_id", "task_id", "attempt"]
            ),
            models.CheckConstraint(
                name="job_held_iff_claimed",
                condition=~Q(status="claimed")
                | Q(lease_expires_at__isnull=False, claimed_at__isnull=False)
                & ~Q(worker_id=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["project_id", "queue", "available_at", "id"],
                name="job_pending_in_queue",
                condition=Q(status="pending"),
            ),
            models.Index(
                fields=["project_id", "action", "available_at", "id"],
                name="job_pending_for_server",
                condition=Q(status="pending", queue="mobius.server"),
            ),
            models.Index(
                fields=["lease_expires_at"],
                name="job_lease",
                condition=Q(status="claimed"),
            ),
            models.Index(
                fields=["deadline_at"],
                name="job_deadline",
                condition=Q(status="claimed", deadline_at__isnull=False),
            ),
            models.Index(
                fields=["project_id", "worker_id"],
                name="job_held_by_worker",
                condition=Q(status="claimed"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.id}"


class Worker(models.Model):
    """A worker as last seen. Its first claim or registration creates it.

    A worker on a socket has a connection: whoever names another is not it any more.
    The digest is that of the session token which lets it come back.
    """

    id = TypedIdField(IdKind.WORKER)
    project_id = ReferenceField()
    worker_id = models.CharField(max_length=255)
    name = models.CharField(max_length=128, blank=True, default="")
    version = models.CharField(max_length=64, blank=True, default="")
    queues = ArrayField(models.CharField(max_length=128), default=list)
    actions = ArrayField(models.CharField(max_length=128), default=list)
    last_seen_at = models.DateTimeField()
    last_heartbeat_at = models.DateTimeField()
    concurrency_limit = models.PositiveIntegerField(default=1, db_default=1)
    connection_id = models.CharField(
        max_length=64, blank=True, default="", db_default=""
    )
    connection_seen_at = models.DateTimeField(null=True, blank=True)
    session_digest = models.CharField(
        max_length=64, blank=True, default="", db_default=""
    )
    draining = models.BooleanField(default=False, db_default=False)
    generates = models.JSONField(
        default=list,
        db_default=Value([], models.JSONField()),
        help_text="Pairs of provider and model, from registration.",
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="worker_once_in_project", fields=["project_id", "worker_id"]
            )
        ]

    def __str__(self) -> str:
        return self.worker_id
