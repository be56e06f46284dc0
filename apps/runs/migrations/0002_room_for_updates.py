"""Room on each page for the next version of a row that moves several times."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("runs", "0001_initial"), ("run_events", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE runs_run SET (fillfactor = 60)",
            "ALTER TABLE runs_run RESET (fillfactor)",
        ),
        migrations.RunSQL(
            "ALTER TABLE run_events_runstream SET (fillfactor = 70)",
            "ALTER TABLE run_events_runstream RESET (fillfactor)",
        ),
    ]
