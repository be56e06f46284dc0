"""Where in a trace a run was started. The column has no default, so no row is rewritten."""

import apps.kernel.fields
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0007_retention_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="traceparent",
            field=apps.kernel.fields.TraceparentField(
                blank=True, editable=False, max_length=55, null=True
            ),
        ),
    ]
