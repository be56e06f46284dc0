from django.db import migrations

from apps.audit.function import NOTE_NOW


class Migration(migrations.Migration):
    """What belongs to the system principal of an organization is noted under it."""

    dependencies = [
        ("audit", "0003_watched"),
        ("identity", "0004_organization_keys"),
    ]

    operations = [migrations.RunSQL(NOTE_NOW, migrations.RunSQL.noop)]
