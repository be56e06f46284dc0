"""How long a project keeps what is over; empty is what the server says."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="project",
            name="keep_run_events_days",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Days that the timeline of a finished run is kept; it goes with the run at the latest. Empty: the server's default.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(36500),
                ],
            ),
        ),
        migrations.AddField(
            model_name="project",
            name="keep_runs_days",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Days that a finished run is kept, with all that belongs to it. Empty: the server's default.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(36500),
                ],
            ),
        ),
        migrations.AddField(
            model_name="project",
            name="keep_source_events_days",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Days that public source events are kept. Empty: the server's default.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(36500),
                ],
            ),
        ),
    ]
