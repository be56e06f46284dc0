"""Indexes by which what is old is found, and what waits for a run. Made while the system works: nobody waits for it."""

from django.contrib.postgres.operations import (
    AddIndexConcurrently,
    RemoveIndexConcurrently,
)
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("source_events", "0003_retention")]

    operations = [
        AddIndexConcurrently(
            model_name="sourceevent",
            index=models.Index(
                condition=Q(("dispatched_at", None)) & ~Q(("run_id", "")),
                fields=["run_id"],
                name="source_event_waiting",
            ),
        ),
        AddIndexConcurrently(
            model_name="sourceevent",
            index=models.Index(
                condition=Q(("dispatched_at", None), ("run_id", ""))
                & ~Q(("public", True)),
                fields=["source_id"],
                name="source_event_errand",
            ),
        ),
        AddIndexConcurrently(
            model_name="sourceevent",
            index=models.Index(
                condition=Q(("dispatched_at__isnull", False)) & ~Q(("public", True)),
                fields=["project_id", "dispatched_at"],
                name="source_event_spent",
            ),
        ),
        RemoveIndexConcurrently(model_name="sourceevent", name="source_event_age"),
    ]
