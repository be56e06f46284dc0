"""Tables of the timeline."""

from django.db import models
from django.db.models import Func, TextField
from django.db.models.functions import Cast

from apps.kernel.fields import ReferenceField


class RunStream(models.Model):
    """The head of one run's timeline; its lock serialises appends.

    ``last_xid`` is the highest ``xid`` of its lines. Lock order: run, job,
    interaction, stream.
    """

    run_id = ReferenceField(primary_key=True)
    project_id = ReferenceField()
    last_seq = models.BigIntegerField(default=0)
    last_xid = models.BigIntegerField(db_default=0)

    def __str__(self) -> str:
        return f"{self.run_id} at {self.last_seq}"


class RunEvent(models.Model):
    """One numbered line of a run's timeline.

    ``status`` is the run's status after it; a line ``from_worker`` carries a type
    and payload of the worker's own and says nothing about the status. ``xid`` is the
    writing transaction, or that of the line before if it is higher: (xid, id) below
    the oldest running transaction is a position in the project's stream before which
    nothing can appear any more, and the lines of one run keep their order in it.
    """

    run_id = ReferenceField()
    seq = models.BigIntegerField()
    project_id = ReferenceField()
    type = models.CharField(max_length=64)
    payload = models.JSONField(default=dict)
    status = models.CharField(max_length=16)
    from_worker = models.BooleanField(
        default=False, help_text="Emitted by a worker; its type is the worker's own."
    )
    created_at = models.DateTimeField()
    xid = models.BigIntegerField(
        db_default=Cast(
            Cast(Func(function="pg_current_xact_id"), TextField()),
            models.BigIntegerField(),
        )
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(name="run_event_seq_once", fields=["run_id", "seq"])
        ]
        indexes = [
            models.Index(fields=["project_id", "xid", "id"], name="run_event_project")
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.seq} {self.type}"
