"""Webhooks are found without reading the waits for the same type."""

import apps.kernel.fields
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("source_events", "0005_listening_triggers"),
    ]

    operations = [
        migrations.AlterField(
            model_name="listener",
            name="pattern",
            field=models.CharField(
                db_collation="C",
                help_text="An event type, everything below a prefix: run.*, or all: *",
                max_length=128,
            ),
        ),
        migrations.AlterField(
            model_name="listener",
            name="ref",
            field=apps.kernel.fields.ReferenceField(
                db_collation="C",
                help_text="The trigger, the wait or the webhook.",
                max_length=40,
            ),
        ),
        migrations.AlterField(
            model_name="listener",
            name="source",
            field=models.CharField(
                choices=[
                    ("trigger", "Trigger"),
                    ("wait", "Wait"),
                    ("webhook", "Webhook"),
                ],
                max_length=16,
            ),
        ),
        AddIndexConcurrently(
            model_name="listener",
            index=models.Index(
                condition=models.Q(("source", "webhook")),
                fields=["project_id", "pattern", "source_id", "ref"],
                name="listener_of_webhook",
            ),
        ),
    ]
