"""The table of facts."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from apps.kernel.fields import ReferenceField, TypedIdField
from apps.kernel.ids import IdKind


class SourceEvent(models.Model):
    """Something happened in a project and may wake something.

    ``due_at`` is when it may be dispatched: now, a timer's instant, or the end of a
    back-off after ``failures``. ``dispatched_at`` is set with its effects.
    """

    id = TypedIdField(IdKind.SOURCE_EVENT)
    project_id = ReferenceField()
    event_type = models.CharField(max_length=128)
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

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                name="source_event_due",
                condition=Q(dispatched_at=None),
            ),
            # Rows arrive in time order: a summary per page range is enough to prune.
            BrinIndex(fields=["created_at"], name="source_event_age"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.id}"
