"""Tables of triggers and of their fires."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.identity.models import Project
from apps.kernel.fields import ReferenceField, TypedIdField
from apps.kernel.ids import IdKind
from apps.secrets.fields import SealedField


class TriggerKind(models.TextChoices):
    """What sets a trigger off. Anybody who may start runs may fire each by hand."""

    SCHEDULE = "schedule"
    WEBHOOK = "webhook"
    EVENT = "event"
    MANUAL = "manual"


class ConcurrencyPolicy(models.TextChoices):
    """What to do with a fire while as many runs live as the trigger may have."""

    ALLOW = "allow"
    FORBID = "forbid"
    REPLACE = "replace"
    QUEUE = "queue"


class MissedSlots(models.TextChoices):
    """What to do with slots that passed while nobody looked."""

    LATEST = "latest"
    ALL = "all"
    SKIP = "skip"


class Trigger(models.Model):
    """Starts runs of its targets when something happens.

    Its row is locked before all others (lock order: trigger, run, job, interaction,
    stream), and only by policies that count runs. ``targets`` is a list of
    ``{workflow_id, condition, input_mapping, queue}``.
    """

    id = TypedIdField(IdKind.TRIGGER)
    project = models.ForeignKey(Project, models.CASCADE)
    workflow_id = ReferenceField(
        blank=True,
        default="",
        db_default="",
        help_text="The definition whose triggers block it comes from, if from one.",
    )
    key = models.CharField(
        max_length=128, blank=True, default="", db_default="", db_collation="C"
    )
    name = models.CharField(max_length=128)
    kind = models.CharField(max_length=16, choices=TriggerKind.choices)
    source_config = models.JSONField(default=dict)
    filter_config = models.JSONField(default=dict)
    targets = models.JSONField(default=list)
    concurrency_policy = models.CharField(
        max_length=16,
        choices=ConcurrencyPolicy.choices,
        default=ConcurrencyPolicy.ALLOW,
    )
    max_concurrent_runs = models.PositiveIntegerField(
        default=1, help_text="The policy allow does not count."
    )
    enabled = models.BooleanField(default=True)
    handle = models.CharField(
        max_length=128,
        blank=True,
        default="",
        db_collation="C",
        help_text="Where requests reach a webhook trigger.",
    )
    sealed_secret = SealedField(blank=True, default="")
    next_fire_at = models.DateTimeField(null=True, blank=True)
    armed_at = models.DateTimeField(
        null=True, blank=True, help_text="When the next slot was looked up."
    )
    created_by = models.CharField(max_length=128, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="trigger_name_once_in_project",
                fields=["project", "name"],
                condition=Q(workflow_id=""),
            ),
            models.UniqueConstraint(
                name="trigger_key_once_in_workflow",
                fields=["workflow_id", "key"],
                condition=~Q(workflow_id=""),
            ),
            models.UniqueConstraint(
                name="trigger_handle_once", fields=["handle"], condition=~Q(handle="")
            ),
        ]
        indexes = [
            models.Index(fields=["project", "-created_at", "-id"], name="trigger_list"),
            models.Index(
                fields=["next_fire_at", "id"],
                name="trigger_due",
                condition=Q(enabled=True, next_fire_at__isnull=False),
            ),
            models.Index(
                fields=["armed_at"],
                name="trigger_armed",
                condition=Q(enabled=True, next_fire_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class FireStatus(models.TextChoices):
    """What became of a fire. Only ``queued`` ones are not over."""

    QUEUED = "queued"
    SUCCESS = "success"
    SKIPPED = "skipped"
    FAILED = "failed"


class TriggerFire(models.Model):
    """One occasion of a trigger: once for each ``dedup_key``.

    ``context`` is what its runs will be started with while it is queued; afterwards
    the runs have it.
    """

    id = TypedIdField(IdKind.TRIGGER_FIRE)
    trigger_id = ReferenceField()
    project_id = ReferenceField()
    dedup_key = models.CharField(max_length=300, db_collation="C")
    status = models.CharField(max_length=16, choices=FireStatus.choices)
    error = models.TextField(blank=True, default="")
    run_ids = ArrayField(ReferenceField(), default=list)
    source_event_id = ReferenceField(blank=True, default="")
    context = models.JSONField(null=True)
    scheduled_at = models.DateTimeField(null=True, blank=True)
    fired_at = models.DateTimeField(help_text="When it was noticed.")
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="fire_once", fields=["trigger_id", "dedup_key"]
            ),
        ]
        indexes = [
            models.Index(
                fields=["trigger_id", "-fired_at", "-id"], name="fire_of_trigger"
            ),
            models.Index(
                fields=["trigger_id", "fired_at", "id"],
                name="fire_queued",
                condition=Q(status="queued"),
            ),
            models.Index(
                fields=["source_event_id"],
                name="fire_of_event",
                condition=~Q(source_event_id=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.id}"
