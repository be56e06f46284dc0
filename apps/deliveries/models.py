"""The tables of outbound messages, and of receivers that are in trouble."""

from django.db import models
from django.db.models import Q

from apps.kernel.fields import ReferenceField, TraceparentField, TypedIdField
from apps.kernel.ids import IdKind


class DeliveryKind(models.TextChoices):
    """How a message travels."""

    HTTP = "http"
    MAIL = "mail"


class DeliveryStatus(models.TextChoices):
    """How a message stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Delivery(models.Model):
    """One message to one receiver.

    ``next_attempt_at`` is when it may be taken; while somebody sends it that is the
    end of their lease, and ``leased_until`` says the same. ``attempts`` only grows:
    with it the outcome of an attempt is told from that of an older one. ``failures``
    counts since the message was last due for the first time, and chooses the delay.
    ``lane`` is the receiver: messages of one lane share a limit of how many are under
    way. ``tries`` tells of the last attempts, oldest first.
    """

    #: Whether its receiver was in trouble when it was taken; ``take_due`` says it.
    is_troubled: bool = False

    id = TypedIdField(IdKind.DELIVERY)
    project_id = ReferenceField()
    kind = models.CharField(max_length=8, choices=DeliveryKind.choices)
    purpose = models.CharField(max_length=64)
    subject_id = ReferenceField(blank=True, default="")
    run_id = ReferenceField(blank=True, default="")
    url = models.TextField(blank=True, default="")
    recipient = models.CharField(max_length=254, blank=True, default="")
    lane = models.CharField(
        max_length=400, blank=True, default="", db_default="", db_collation="C"
    )
    secret_ref = models.CharField(max_length=160, blank=True, default="")
    headers = models.JSONField(default=dict, db_default={})
    payload = models.JSONField(default=dict)
    refusal_is_final = models.BooleanField(
        default=False,
        db_default=False,
        help_text="What answers 4xx is not asked again.",
    )
    status = models.CharField(
        max_length=16, choices=DeliveryStatus.choices, default=DeliveryStatus.PENDING
    )
    attempts = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    last_status = models.PositiveIntegerField(null=True, blank=True)
    last_error = models.TextField(blank=True, default="")
    last_answer = models.TextField(blank=True, default="", db_default="")
    tries = models.JSONField(default=list, db_default=[])
    delivered_at = models.DateTimeField(null=True, blank=True)
    dedup_key = models.CharField(max_length=255, blank=True, default="")
    traceparent = TraceparentField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                name="delivery_once",
                fields=["project_id", "dedup_key"],
                condition=~Q(dedup_key=""),
            ),
            models.CheckConstraint(
                name="delivery_status_known",
                condition=Q(status__in=DeliveryStatus.values),
            ),
        ]
        indexes = [
            # What the previous version takes by.
            models.Index(
                fields=["next_attempt_at", "id"],
                name="delivery_due",
                condition=Q(status="pending"),
            ),
            models.Index(
                fields=["project_id", "lane", "next_attempt_at", "id"],
                name="delivery_lane",
                condition=Q(status="pending"),
            ),
            models.Index(
                fields=["leased_until"],
                name="delivery_leased",
                condition=Q(status="pending", leased_until__isnull=False),
            ),
            models.Index(
                fields=["subject_id", "-created_at", "-id"],
                name="delivery_about",
                condition=~Q(subject_id=""),
            ),
            models.Index(
                fields=["run_id"], name="delivery_run", condition=~Q(run_id="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.id}"


class Trouble(models.Model):
    """A receiver that did not take its last messages; others have no row.

    ``failures`` attempts in a row did not deliver, the first of them at ``since``;
    ``failed`` messages were given up since.
    """

    project_id = ReferenceField()
    lane = models.CharField(max_length=400, db_collation="C")
    failures = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    since = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "troubles"
        constraints = [
            models.UniqueConstraint(name="trouble_once", fields=["project_id", "lane"])
        ]
        indexes = [models.Index(fields=["updated_at"], name="trouble_age")]

    def __str__(self) -> str:
        return f"{self.lane}: {self.failures}"
