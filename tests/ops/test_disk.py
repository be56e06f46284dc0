"""The room of what was pruned is used again: files do not grow with time."""

import pytest
from django.db import connection

from apps.identity.models import Project
from tests.ops.old import bare_runs, prune_project

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = ("runs_run", "run_events_runevent", "run_events_runstream")
RUNS = 800
LINES = 25


def vacuum() -> None:
    """What autovacuum does by itself on a running system."""
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM {', '.join(TABLES)}")


def sizes() -> dict[str, int]:
    """Bytes of each table and of its indexes."""
    found: dict[str, int] = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(
                "SELECT pg_relation_size(%s), pg_indexes_size(%s)", [table] * 2
            )
            heap, indexes = cursor.fetchone()
            found |= {table: heap, f"{table} indexes": indexes}
    return found


def refill(project: Project) -> dict[str, int]:
    """Prune everything, vacuum, and insert as much again; return the sizes then."""
    assert prune_project(project)["runs"] == RUNS
    vacuum()
    bare_runs(project, RUNS, lines=LINES, days_ago=100)
    return sizes()


def test_filled_pruned_and_filled_again_the_files_stay_as_they_are(
    project: Project,
) -> None:
    bare_runs(project, RUNS, lines=LINES, days_ago=100)
    first = sizes()
    # Indexes have found their size after the second time.
    refill(project)
    settled = refill(project)

    for _ in range(3):
        now = refill(project)
        for name, size in now.items():
            most = settled[name] * 1.05 if "indexes" in name else first[name]
            assert size <= most, (name, first[name], settled[name], size)


def test_empty_pages_at_the_end_of_a_file_are_given_back(project: Project) -> None:
    bare_runs(project, RUNS, lines=LINES, days_ago=100)
    full = sizes()

    prune_project(project)
    vacuum()

    for table in TABLES:
        assert sizes()[table] == 0 < full[table]


def test_hot_tables_are_vacuumed_long_before_a_fifth_of_them_is_dead(
    transactional_db: None,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE 'autovacuum_vacuum_scale_factor=0.02'"
            " = ANY(reloptions)"
        )
        found = {name for (name,) in cursor.fetchall()}
    assert found >= {*TABLES, "jobs_job", "source_events_sourceevent"}
