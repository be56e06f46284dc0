"""Receivers have lanes, and those in trouble are remembered. Rows of before are in a lane without a limit; so are those that the previous version still writes."""

import apps.kernel.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("deliveries", "0002_retention")]

    operations = [
        migrations.CreateModel(
            name="Trouble",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "project_id",
                    apps.kernel.fields.ReferenceField(db_collation="C", max_length=40),
                ),
                ("lane", models.CharField(db_collation="C", max_length=400)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("failed", models.PositiveIntegerField(default=0)),
                ("since", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "troubles",
                "indexes": [models.Index(fields=["updated_at"], name="trouble_age")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("project_id", "lane"), name="trouble_once"
                    )
                ],
            },
        ),
        migrations.AddField(
            "delivery", "headers", models.JSONField(db_default={}, default=dict)
        ),
        migrations.AddField(
            "delivery",
            "lane",
            models.CharField(
                blank=True, db_collation="C", db_default="", default="", max_length=400
            ),
        ),
        migrations.AddField(
            "delivery",
            "last_answer",
            models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            "delivery",
            "refusal_is_final",
            models.BooleanField(
                db_default=False,
                default=False,
                help_text="What answers 4xx is not asked again.",
            ),
        ),
        migrations.AddField(
            "delivery", "tries", models.JSONField(db_default=[], default=list)
        ),
    ]
