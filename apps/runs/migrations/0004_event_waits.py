"""Waits for events: what they listen for, since when, and what ended them."""

from django.db import migrations, models
from django.db.models import Q

import apps.kernel.fields


class Migration(migrations.Migration):
    dependencies = [("runs", "0003_triggered_runs")]

    operations = [
        migrations.AddField(
            model_name="wait",
            name="listens_from",
            field=models.DateTimeField(
                blank=True,
                help_text="Events count from then on; for others, never.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="wait",
            name="looked_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When it had seen all that did not see it.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="wait",
            name="event_filter",
            field=models.JSONField(
                blank=True, help_text="Which events of its type it takes.", null=True
            ),
        ),
        migrations.AddField(
            model_name="wait",
            name="match_path",
            field=models.CharField(
                blank=True,
                db_collation="C",
                db_default="",
                default="",
                help_text="The part of events by which it is found, and the key of its"
                " value.",
                max_length=128,
            ),
        ),
        migrations.AddField(
            model_name="wait",
            name="match_key",
            field=models.CharField(
                blank=True, db_collation="C", db_default="", default="", max_length=24
            ),
        ),
        migrations.AddField(
            model_name="wait",
            name="event_id",
            field=apps.kernel.fields.ReferenceField(
                blank=True,
                db_collation="C",
                db_default="",
                default="",
                help_text="The event that ended it.",
                max_length=40,
            ),
        ),
        migrations.AddIndex(
            model_name="wait",
            index=models.Index(
                condition=Q(("closed_at", None), ("listens_from__isnull", False)),
                fields=["project_id", "subject", "match_path", "match_key"],
                name="wait_for_event",
            ),
        ),
    ]
