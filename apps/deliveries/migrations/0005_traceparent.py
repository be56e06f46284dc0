"""Where in a trace a message was written. The column has no default, so no row is rewritten."""

import apps.kernel.fields
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("deliveries", "0004_lane_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="traceparent",
            field=apps.kernel.fields.TraceparentField(
                blank=True, editable=False, max_length=55, null=True
            ),
        ),
    ]
