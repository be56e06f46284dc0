from django.db import migrations

from apps.audit.watched import FIRST, removals, statements


class Migration(migrations.Migration):
    """Watch what was there when the log was made."""

    dependencies = [
        ("actions", "0001_initial"),
        ("audit", "0002_function"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("identity", "0003_access"),
        ("integrations", "0001_initial"),
        ("interactions", "0002_complete_interactions"),
        ("secrets", "0001_initial"),
        ("triggers", "0003_retention"),
        ("webhooks", "0001_initial"),
        ("workflows", "0004_retention"),
    ]

    operations = [migrations.RunSQL(statements(FIRST), removals(FIRST))]
