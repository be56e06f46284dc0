"""Where in a trace an event was appended. The column has no default, so no row is rewritten."""

import apps.kernel.fields
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("source_events", "0006_listening_webhooks"),
    ]

    operations = [
        migrations.AddField(
            model_name="sourceevent",
            name="traceparent",
            field=apps.kernel.fields.TraceparentField(
                blank=True, editable=False, max_length=55, null=True
            ),
        ),
    ]
