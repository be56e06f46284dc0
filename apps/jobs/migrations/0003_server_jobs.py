"""The index from which the server claims its own jobs. Made while the system works."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("jobs", "0002_retention")]

    operations = [
        AddIndexConcurrently(
            model_name="job",
            index=models.Index(
                condition=Q(("queue", "mobius.server"), ("status", "pending")),
                fields=["project_id", "action", "available_at", "id"],
                name="job_pending_for_server",
            ),
        ),
    ]
