"""The room of old rows is used again at once."""

from django.db import migrations

#: Deleted rows' room is used again soon: vacuum looks at a fiftieth of dead rows, not
#: at a fifth. Values that are stored aside have their own threshold.
SOON = """
ALTER TABLE {table} SET (
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_insert_scale_factor = 0.05,
    autovacuum_analyze_scale_factor = 0.05,
    toast.autovacuum_vacuum_scale_factor = 0.02)
"""
LATER = """
ALTER TABLE {table} RESET (
    autovacuum_vacuum_scale_factor, autovacuum_vacuum_insert_scale_factor,
    autovacuum_analyze_scale_factor, toast.autovacuum_vacuum_scale_factor)
"""
TABLES = ("jobs_job",)


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial")]

    operations = [
        *(
            migrations.RunSQL(SOON.format(table=table), LATER.format(table=table))
            for table in TABLES
        ),
    ]
