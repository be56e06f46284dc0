"""Tables of the run aggregate."""

from django.db import models
from django.db.models import Case, F, Q, Value, When

from apps.engine.state import FINISHED, RunStatus
from apps.kernel.fields import ReferenceField, TraceparentField, TypedIdField
from apps.kernel.ids import IdKind
from apps.workflows.models import Dialect

_FINISHED = sorted(FINISHED)


class Run(models.Model):
    """One execution of a spec.

    Written only by ``runs.store``, under this row's lock, which is the first lock a
    transaction takes (lock order: run, job, interaction, stream). ``state`` is the
    engine's memory; the other columns repeat parts of it so that lists can filter.
    """

    id = TypedIdField(IdKind.RUN)
    project_id = ReferenceField()
    workflow_id = ReferenceField(blank=True, default="")
    workflow_version = models.PositiveIntegerField(default=0)
    workflow_name = models.CharField(max_length=128)
    spec_digest = models.CharField(max_length=64, db_collation="C")
    queue = models.CharField(max_length=128, default="default")
    inputs = models.JSONField(default=dict)
    metadata = models.JSONField(default=dict)
    external_id = models.CharField(max_length=255, blank=True, default="")
    status = models.CharField(
        max_length=16, choices=[(s, s) for s in RunStatus], default=RunStatus.QUEUED
    )
    outcome = models.GeneratedField(
        expression=Case(
            When(completed_at__isnull=True, then=Value("")), default=F("status")
        ),
        output_field=models.CharField(max_length=16),
        db_persist=True,
        help_text="The final status; empty while the run lives. Lists filter by it:"
        " an index on status itself would be rewritten with every move.",
    )
    attempt = models.PositiveIntegerField(default=1)
    state = models.JSONField(null=True)
    result = models.JSONField(null=True)
    has_result = models.BooleanField(default=False)
    error_type = models.CharField(max_length=255, blank=True, default="")
    error_message = models.TextField(blank=True, default="")
    cancel_requested = models.BooleanField(default=False)
    timeline_pruned = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Its timeline was old and is gone; not of one that is retried since.",
    )
    parent_run_id = ReferenceField(blank=True, default="")
    parent_workflow_id = ReferenceField(blank=True, default="", db_default="")
    parent_step = models.CharField(
        max_length=128, blank=True, default="", db_default=""
    )
    dialect = models.CharField(
        max_length=16,
        choices=Dialect.choices,
        default=Dialect.WORKFLOW,
        db_default=Dialect.WORKFLOW,
    )
    version_id = ReferenceField(blank=True, default="", db_default="")
    source = models.JSONField(
        default=dict,
        blank=True,
        db_default={},
        help_text="Who says to have started it: type, id, label.",
    )
    stop_reason = models.CharField(max_length=32, blank=True, default="", db_default="")
    deadline_at = models.DateTimeField(
        null=True, blank=True, help_text="When its wall clock runs out."
    )
    credit_budget = models.FloatField(null=True, blank=True)
    credit_spent = models.FloatField(default=0, db_default=0)
    max_agent_turns = models.PositiveIntegerField(null=True, blank=True)
    queue_reason = models.CharField(
        max_length=32,
        blank=True,
        default="",
        db_default="",
        help_text="Why it has not begun although it was started.",
    )
    trigger_id = ReferenceField(blank=True, default="", db_default="")
    trigger_queues = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Its trigger lets others wait until this run is over.",
    )
    source_event_id = ReferenceField(blank=True, default="", db_default="")
    depth = models.PositiveIntegerField(
        default=0,
        db_default=0,
        help_text="How many runs, each started by the end of another, led to this one.",
    )
    actor_type = models.CharField(max_length=16, blank=True, default="")
    actor_id = ReferenceField(blank=True, default="")
    initiated_by = models.CharField(max_length=128, blank=True, default="")
    traceparent = TraceparentField()
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="run_completed_at_iff_finished",
                condition=(
                    Q(completed_at__isnull=False, status__in=_FINISHED)
                    | Q(completed_at__isnull=True) & ~Q(status__in=_FINISHED)
                ),
            ),
            models.UniqueConstraint(
                name="run_once_for_external_id",
                fields=["project_id", "external_id"],
                condition=~Q(external_id="") & ~Q(dialect=Dialect.WORKFLOW),
            ),
        ]
        indexes = [
            models.Index(fields=["project_id", "-created_at", "-id"], name="run_list"),
            models.Index(
                fields=["parent_run_id", "-created_at", "-id"],
                name="run_of_parent",
                condition=~Q(parent_run_id=""),
            ),
            models.Index(
                fields=["workflow_id", "id"],
                name="run_of_workflow_live",
                condition=Q(completed_at=None) & ~Q(dialect=Dialect.WORKFLOW),
            ),
            models.Index(
                fields=["project_id", "outcome", "-created_at", "-id"],
                name="run_list_by_outcome",
            ),
            models.Index(
                fields=["project_id", "external_id"],
                name="run_by_external_id",
                condition=~Q(external_id=""),
            ),
            models.Index(
                fields=["workflow_id", "-created_at"],
                name="run_of_workflow",
                condition=~Q(workflow_id=""),
            ),
            models.Index(
                fields=["trigger_id", "-created_at", "-id"],
                name="run_of_trigger",
                condition=~Q(trigger_id=""),
            ),
            models.Index(
                fields=["trigger_id", "id"],
                name="run_of_trigger_live",
                condition=Q(completed_at=None) & ~Q(trigger_id=""),
            ),
            models.Index(
                fields=["source_event_id"],
                name="run_of_source_event",
                condition=~Q(source_event_id=""),
            ),
            # Retention: what ended first comes first, and each has one entry. A run
            # that lives has none, so its moves stay on their page.
            models.Index(
                fields=["project_id", "timeline_pruned", "completed_at", "id"],
                name="run_finished",
                condition=Q(completed_at__isnull=False),
            ),
            models.Index(fields=["spec_digest"], name="run_of_spec"),
            models.Index(
                fields=["parent_run_id"],
                name="run_live_children",
                condition=Q(completed_at=None) & ~Q(parent_run_id=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.workflow_name} {self.id}"


class RunSignal(models.Model):
    """A signal sent to a run; delivered to the engine in the order of ``number``."""

    number = models.BigAutoField(primary_key=True)
    id = models.CharField(max_length=40, unique=True, db_collation="C")
    run_id = ReferenceField()
    project_id = ReferenceField()
    name = models.CharField(max_length=128)
    payload = models.JSONField(null=True)
    created_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["run_id", "number"],
                name="signal_undelivered",
                condition=Q(delivered_at=None),
            ),
            models.Index(fields=["run_id"], name="signal_of_run"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.id}"


class Wait(models.Model):
    """What a path of a run is waiting for, for people to see and lists to filter."""

    id = TypedIdField(IdKind.WAIT)
    run_id = ReferenceField()
    project_id = ReferenceField()
    task_id = models.IntegerField()
    step_name = models.CharField(max_length=128)
    path = models.CharField(max_length=128, default="main")
    kind = models.CharField(max_length=16)
    subject = models.CharField(max_length=255, blank=True, default="")
    due_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=16, blank=True, default="")
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    listens_from = models.DateTimeField(
        null=True, blank=True, help_text="Events count from then on; for others, never."
    )
    looked_at = models.DateTimeField(
        null=True, blank=True, help_text="When it had seen all that did not see it."
    )
    event_filter = models.JSONField(
        null=True, blank=True, help_text="Which events of its type it takes."
    )
    match_path = models.CharField(
        max_length=128,
        blank=True,
        default="",
        db_default="",
        db_collation="C",
        help_text="The part of events by which it is found, and the key of its value.",
    )
    match_key = models.CharField(
        max_length=24, blank=True, default="", db_default="", db_collation="C"
    )
    event_id = ReferenceField(
        blank=True, default="", db_default="", help_text="The event that ended it."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="wait_once_for_task", fields=["run_id", "task_id"]
            )
        ]
        indexes = [
            models.Index(
                fields=["project_id", "kind"],
                name="wait_open",
                condition=Q(closed_at=None),
            ),
            # Finding who wants an event costs as much as there are who do.
            models.Index(
                fields=["project_id", "subject", "match_path", "match_key"],
                name="wait_for_event",
                condition=Q(closed_at=None) & Q(listens_from__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.step_name}"
