"""Specs that nobody refers to are condemned before they go."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workflows", "0003_loop_names")]

    operations = [
        migrations.AddField(
            model_name="spec",
            name="condemned_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When retention found nobody that refers to it.",
                null=True,
            ),
        ),
    ]
