"""Where in a trace an attempt was put on the queue. The column has no default, so no row is rewritten."""

import apps.kernel.fields
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0004_server_jobs"),
    ]

    operations = [
        migrations.AddField(
            model_name="job",
            name="traceparent",
            field=apps.kernel.fields.TraceparentField(
                blank=True, editable=False, max_length=55, null=True
            ),
        ),
    ]
