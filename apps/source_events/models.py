"""The tables of facts, and of who listens for them."""

from django.db import models
from django.db.models import Q

from apps.kernel.fields import ReferenceField, TraceparentField, TypedIdField
from apps.kernel.ids import IdKind

PUBLIC = Q(public=True)


class SourceEvent(models.Model):
    """Something happened in a project and may wake something.

    ``due_at`` is when it may be dispatched: now, a timer's instant, or the end of a
    back-off after ``failures``. ``dispatched_at`` is set with its effects. ``run_id``
    is the run it moves; that of a custom one is the run it was published for. Of
    those with one ``dedup_key`` in a project only the first exists.
    """

    id = TypedIdField(IdKind.SOURCE_EVENT)
    project_id = ReferenceField()
    event_type = models.CharField(max_length=128, db_collation="C")
    source_kind = models.CharField(max_length=32)
    source_id = models.CharField(max_length=128, blank=True)
    run_id = ReferenceField(
        blank=True, default="", help_text="The run it moves, if any."
    )
    event = models.JSONField(default=dict)
    meta = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    dispatched_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True, default="")
    public = models.BooleanField(
        default=False, db_default=False, help_text="For readers, triggers and waits."
    )
    dedup_key = models.CharField(
        max_length=300, blank=True, default="", db_default="", db_collation="C"
    )
    depth = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Runs started by triggers behind it."
    )
    traceparent = TraceparentField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project_id", "dedup_key"],
                name="source_event_once",
                condition=~Q(dedup_key=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                name="source_event_due",
                condition=Q(dispatched_at=None),
            ),
            # Retention. Internal events, most of the table, are in the first of these
            # until they are dispatched, in the third from then on, and in none below.
            models.Index(
                fields=["run_id"],
                name="source_event_waiting",
                condition=Q(dispatched_at=None) & ~Q(run_id=""),
            ),
            models.Index(
                fields=["source_id"],
                name="source_event_errand",
                condition=Q(dispatched_at=None, run_id="") & ~PUBLIC,
            ),
            models.Index(
                fields=["project_id", "dispatched_at"],
                name="source_event_spent",
                condition=Q(dispatched_at__isnull=False) & ~PUBLIC,
            ),
            models.Index(
                fields=["project_id", "created_at", "id"],
                name="source_event_public",
                condition=PUBLIC,
            ),
            models.Index(
                fields=["project_id", "event_type", "created_at", "id"],
                name="source_event_public_type",
                condition=PUBLIC,
            ),
            models.Index(
                fields=["source_id", "created_at"],
                name="source_event_public_source",
                condition=PUBLIC,
            ),
            models.Index(
                fields=["run_id", "created_at"],
                name="source_event_public_run",
                condition=PUBLIC,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.id}"


class ListenerSource(models.TextChoices):
    """What listens."""

    TRIGGER = "trigger"
    WAIT = "wait"
    WEBHOOK = "webhook"


class Listener(models.Model):
    """Somebody in a project wants public events that match a pattern.

    A narrow index of triggers, webhooks and waits for events, kept by those who own
    them: an event finds who may want it by the patterns its type has, however many
    listen for others. Events without a listener are never dispatched.
    """

    project_id = ReferenceField()
    pattern = models.CharField(
        max_length=128,
        db_collation="C",
        help_text="An event type, everything below a prefix: run.*, or all: *",
    )
    source_id = models.CharField(
        max_length=128,
        blank=True,
        default="",
        db_collation="C",
        help_text="Only events of this source; empty: of any.",
    )
    source = models.CharField(max_length=16, choices=ListenerSource.choices)
    ref = ReferenceField(help_text="The trigger, the wait or the webhook.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project_id", "pattern", "source_id", "ref"],
                name="listener_once",
            ),
        ]
        indexes = [
            models.Index(fields=["ref"], name="listener_ref"),
            # A type that one webhook hears may be awaited by thousands.
            models.Index(
                fields=["project_id", "pattern", "source_id", "ref"],
                name="listener_of_webhook",
                condition=Q(source="webhook"),
            ),
            # A type that one trigger hears may be awaited by thousands.
            models.Index(
                fields=["project_id", "pattern", "source_id", "ref"],
                name="listener_of_trigger",
                condition=Q(source="trigger"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.ref}: {self.pattern}"
