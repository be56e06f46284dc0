"""Tables of questions."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from apps.kernel.fields import ReferenceField, TypedIdField
from apps.kernel.ids import IdKind

RESPONSE_PREFIX = "iresp"


class InteractionStatus(models.TextChoices):
    """The life of a question."""

    PENDING = "pending"
    COMPLETED = "completed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Interaction(models.Model):
    """One question to one target. Lock order: run, job, interaction, stream."""

    id = TypedIdField(IdKind.INTERACTION)
    project_id = ReferenceField()
    run_id = ReferenceField(blank=True, default="")
    task_id = models.IntegerField(null=True, blank=True)
    signal_name = models.CharField(max_length=128, blank=True, default="")
    type = models.CharField(max_length=16)
    status = models.CharField(
        max_length=16,
        choices=InteractionStatus.choices,
        default=InteractionStatus.PENDING,
    )
    message = models.TextField()
    context = models.JSONField(null=True, blank=True)
    spec = models.JSONField(null=True, blank=True)
    target_type = models.CharField(max_length=16)
    target_id = models.CharField(max_length=128)
    require_all = models.BooleanField(default=False)
    value = models.JSONField(null=True, blank=True)
    comment = models.TextField(blank=True, default="")
    responder_id = ReferenceField(blank=True, default="")
    expires_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
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
            models.Index(fields=["run_id"], name="interaction_of_run"),
            models.Index(
                fields=["expires_at"],
                name="interaction_due",
                condition=Q(status="pending", expires_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"

    def status_at(self, now: datetime) -> InteractionStatus:
        """Return the status; a question is over the moment its time ran out."""
        status = InteractionStatus(self.status)
        overdue = self.expires_at is not None and self.expires_at <= now
        if status is InteractionStatus.PENDING and overdue:
            return InteractionStatus.EXPIRED
        return status

    @property
    def responder(self) -> dict[str, str]:
        """Return who answered, as ``{type, id}``; only the one who is asked and
        agents or services acting for them can."""
        asked = self.responder_id == self.target_id
        return {"type": "member" if asked else "agent", "id": self.responder_id}

    @property
    def response_id(self) -> str:
        """Return the id of the answer: there is one at most, so it follows from the
        question's own."""
        return f"{RESPONSE_PREFIX}_{self.id.partition('_')[2]}"
