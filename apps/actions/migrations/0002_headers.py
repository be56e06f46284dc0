"""Headers of a project's own in calls. The default is a constant: no row is rewritten."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("actions", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="customaction",
            name="headers",
            field=models.JSONField(
                blank=True,
                db_default={},
                default=dict,
                help_text="Sent with every call; secrets are named, never written out.",
            ),
        ),
    ]
