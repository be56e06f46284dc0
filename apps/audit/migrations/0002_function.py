from django.db import migrations

from apps.audit.function import FORGET, NOTE


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [migrations.RunSQL(NOTE, FORGET)]
