from django.db import migrations, models


class Migration(migrations.Migration):
    """Triggers are found without reading the waits for the same type."""

    dependencies = [("source_events", "0004_retention_indexes")]

    operations = [
        migrations.AddIndex(
            model_name="listener",
            index=models.Index(
                condition=models.Q(("source", "trigger")),
                fields=["project_id", "pattern", "source_id", "ref"],
                name="listener_of_trigger",
            ),
        ),
    ]
