"""The index from which the server claims its own jobs. Made while the system works."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("jobs", "0003_worker_socket")]

    operations = [
        migrations.AlterField(
            model_name="job",
            name="origin",
            field=models.CharField(
                choices=[
                    ("automation_action_step", "Automation Step"),
                    ("loop_action_step", "Loop Step"),
                    ("direct_action_invoke", "Direct"),
                    ("server_internal", "Server"),
                ],
                db_default="server_internal",
                default="server_internal",
                max_length=32,
            ),
        ),
        AddIndexConcurrently(
            model_name="job",
            index=models.Index(
                condition=Q(("queue", "mobius.server"), ("status", "pending")),
                fields=["project_id", "action", "available_at", "id"],
                name="job_pending_for_server",
            ),
        ),
    ]
