"""Tables of the audit log. Only PostgreSQL's own function writes them."""

from typing import Final

from django.db import models

from apps.kernel.fields import ReferenceField

#: Length of a SHA-256 in hexadecimal.
HASH_CHARS: Final = 64


class AuditRecord(models.Model):
    """One change of one row of the configuration.

    ``number`` counts the records of an organization from 1 without a gap. ``hash`` is
    over everything in the record and over ``previous_hash``. ``changes`` holds
    ``{field: {before, after}}``; what is secret shows as ``(hidden)``.
    """

    id = models.CharField(max_length=40, primary_key=True, db_collation="C")
    organization_id = ReferenceField(blank=True)
    number = models.BigIntegerField()
    project_id = ReferenceField(blank=True)
    action = models.CharField(max_length=16)
    resource_type = models.CharField(max_length=64)
    resource_id = models.CharField(max_length=128, db_collation="C")
    resource_name = models.CharField(max_length=255, blank=True)
    actor = models.JSONField(
        help_text="source, principal, credential, address, program: as far as known."
    )
    changes = models.JSONField()
    created_at = models.DateTimeField()
    previous_hash = models.CharField(max_length=HASH_CHARS, db_collation="C")
    hash = models.CharField(max_length=HASH_CHARS, db_collation="C")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="audit_number_once", fields=["organization_id", "number"]
            )
        ]
        indexes = [
            models.Index(
                fields=["project_id", "-created_at", "-id"], name="audit_of_project"
            ),
            models.Index(
                fields=["organization_id", "-created_at", "-id"],
                name="audit_of_organization",
            ),
            models.Index(
                fields=["resource_id", "-created_at"], name="audit_of_resource"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.resource_type} {self.resource_id}"


class AuditHead(models.Model):
    """Where the chain of an organization ends; ``-`` is what belongs to none."""

    organization_id = ReferenceField(primary_key=True)
    number = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=HASH_CHARS, db_collation="C", blank=True)

    def __str__(self) -> str:
        return f"{self.organization_id} at {self.number}"
