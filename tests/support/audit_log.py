"""The audit log in tests whose transactions never commit."""

from django.db import connection


def write_audit_log() -> None:
    """Do what PostgreSQL does at a commit: write the records."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
