from django.db import migrations

from apps.audit.watched import AGENTS, removals, statements


class Migration(migrations.Migration):
    """Watch agents."""

    dependencies = [("agents", "0001_initial"), ("audit", "0005_whole_records")]

    operations = [migrations.RunSQL(statements(AGENTS), removals(AGENTS))]
