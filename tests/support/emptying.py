"""Emptying the database after a test that really commits."""

from typing import Any

from django.db import connection

#: Rows that Django makes after migrating: the same for every test.
KEPT = ("django_migrations", "django_content_type", "auth_permission")

#: Most tests write a handful of seventy tables, and emptying one costs as much as
#: filling it: new files for it and for each of its indexes.
_EMPTY = """
DO $$
DECLARE
    one text;
    has_rows boolean;
    full_ones text[] := '{}';
BEGIN
    FOR one IN
        SELECT oid::regclass::text FROM pg_class
        WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
            AND relname <> ALL (%s)
    LOOP
        EXECUTE 'SELECT EXISTS (SELECT FROM ' || one || ')' INTO has_rows;
        IF has_rows THEN
            full_ones := full_ones || one;
        END IF;
    END LOOP;
    IF full_ones <> '{}' THEN
        EXECUTE 'TRUNCATE ' || array_to_string(full_ones, ', ') || ' CASCADE';
    END IF;
END $$
"""


def empty_tables(_: Any = None) -> None:
    """Remove every row but those of ``KEPT``. Stands in for Django's ``flush``."""
    with connection.cursor() as cursor:
        names = ", ".join(f"'{name}'" for name in KEPT)
        cursor.execute(_EMPTY.replace("%s", f"ARRAY[{names}]"))
