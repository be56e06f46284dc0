from django.db import migrations

from apps.audit.function import NOTE_NOW
from apps.audit.watched import ADMIN, removals, statements


class Migration(migrations.Migration):
    """Hash the id and the name of a record too, and watch what is done in the admin.

    The version before this one runs on; its ``audit verify`` takes new records for
    changed ones.
    """

    dependencies = [
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("audit", "0004_organization_keys"),
    ]

    operations = [
        migrations.RunSQL(NOTE_NOW, migrations.RunSQL.noop),
        migrations.RunSQL(statements(ADMIN), removals(ADMIN)),
    ]
