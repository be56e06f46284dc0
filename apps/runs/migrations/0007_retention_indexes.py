"""Indexes by which what is old is found, and what still needs it. Made while the system works: nobody waits for it."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("runs", "0006_retention")]

    operations = [
        AddIndexConcurrently(
            model_name="run",
            index=models.Index(
                condition=Q(("completed_at__isnull", False)),
                fields=["project_id", "timeline_pruned", "completed_at", "id"],
                name="run_finished",
            ),
        ),
        AddIndexConcurrently(
            model_name="run",
            index=models.Index(fields=["spec_digest"], name="run_of_spec"),
        ),
        AddIndexConcurrently(
            model_name="run",
            index=models.Index(
                condition=Q(("completed_at", None)) & ~Q(("parent_run_id", "")),
                fields=["parent_run_id"],
                name="run_live_children",
            ),
        ),
        AddIndexConcurrently(
            model_name="runsignal",
            index=models.Index(fields=["run_id"], name="signal_of_run"),
        ),
    ]
