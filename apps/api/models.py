"""Tables of the HTTP manners."""

from django.db import models

from apps.kernel.fields import ReferenceField


class IdempotencyRecord(models.Model):
    """The first answer to a request that carried an Idempotency-Key.

    Written in the transaction of the act itself: either both exist or neither.
    """

    project_id = ReferenceField()
    key = models.CharField(max_length=255)
    operation = models.CharField(max_length=128)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="idempotency_key_once_in_project", fields=["project_id", "key"]
            )
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotency_age")]

    def __str__(self) -> str:
        return self.key
