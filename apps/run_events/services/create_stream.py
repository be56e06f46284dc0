"""Open the timeline of a new run."""

from django.db import connection

_CREATE = """
INSERT INTO run_events_runstream (run_id, project_id, last_seq) VALUES (%s, %s, 0)
ON CONFLICT (run_id) DO NOTHING
"""


def create_stream(run_id: str, project_id: str) -> None:
    """Make the row that hands out the run's numbers; harmless when it exists.

    ``append_run_events`` makes it by itself when it is missing. Making it when the
    run starts lets concurrent first appends meet at a row instead of an index.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CREATE, [run_id, project_id])
