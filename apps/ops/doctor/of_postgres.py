"""PostgreSQL: its version, its settings, its tables, and who holds it back."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.ops.doctor.findings import Finding, bad, warn, well

PART: Final = "postgresql"
VERSION_MIN: Final = 150_000
#: Seconds a transaction may be open; it holds vacuum and project streams back.
TRANSACTION_SECONDS_MAX: Final = 300
CONNECTIONS_PART_MAX: Final = 0.85
DEAD_ROWS_MIN: Final = 20_000
DEAD_PART_MAX: Final = 0.25
SLOT_BYTES_MAX: Final = 1024**3
XID_AGE_MAX: Final = 1_000_000_000
#: Settings on which promises rest: what they have to be, and why.
SETTINGS: Final = {
    "fsync": ("on", "what was answered may be lost when the machine fails"),
    "full_page_writes": ("on", "pages may be torn when the machine fails"),
    "autovacuum": ("on", "tables grow without end"),
}

_CONNECTIONS = """
SELECT count(*), current_setting('max_connections')::int FROM pg_stat_activity
WHERE backend_type = 'client backend'
"""
_OPEN = """
SELECT pid, coalesce(usename, ''), extract(epoch FROM clock_timestamp() - xact_start),
       state, left(query, 80)
FROM pg_stat_activity
WHERE xact_start < clock_timestamp() - %s::float8 * interval '1 second'
  AND pid <> pg_backend_pid() AND datname = current_database()
ORDER BY xact_start LIMIT 10
"""
_PREPARED = "SELECT gid, prepared FROM pg_prepared_xacts ORDER BY prepared LIMIT 10"
_DEAD = """
SELECT relname, n_live_tup, n_dead_tup, last_autovacuum FROM pg_stat_user_tables
WHERE n_dead_tup >= %s::bigint AND n_dead_tup > %s::float8 * (n_live_tup + n_dead_tup)
ORDER BY n_dead_tup DESC LIMIT 10
"""
_SLOTS = """
SELECT slot_name, active, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint
FROM pg_replication_slots WHERE NOT pg_is_in_recovery() AND restart_lsn IS NOT NULL
"""
_AGE = """
SELECT age(datfrozenxid), pg_database_size(datname) FROM pg_database
WHERE datname = current_database()
"""


def server(now: datetime) -> Iterator[Finding]:
    """Its version and the settings that promises rest on."""
    number, version = _row(
        "SELECT current_setting('server_version_num')::int, version()"
    )
    if number < VERSION_MIN:
        advice = "upgrade to 15 or newer: dump, restore"
        yield bad(PART, f"the version is too old: {version}", advice)
    else:
        yield well(PART, version.partition(" on ")[0])
    for name, (wanted, why) in SETTINGS.items():
        value = _row("SELECT current_setting(%s::text)", [name])[0]
        if value != wanted:
            yield bad(PART, f"{name} is {value}: {why}", f"set {name} = {wanted}")
    commit = _row("SELECT current_setting('synchronous_commit')")[0]
    if commit == "off":
        message = "synchronous_commit is off: the last answers are lost in a crash"
        yield bad(PART, message, "set synchronous_commit = on")
    idle = _row("SELECT current_setting('idle_in_transaction_session_timeout')")[0]
    if idle == "0":
        message = "a session that idles in a transaction is never ended"
        advice = "set idle_in_transaction_session_timeout = '5min'"
        yield warn(PART, message, advice)


def migrations(now: datetime) -> Iterator[Finding]:
    """Whether the tables are those of this version."""
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        names = ", ".join(f"{one.app_label}.{one.name}" for one, _ in missing[:5])
        message = f"{len(missing)} migrations are missing: {names}"
        yield bad("migrations", message, "entrypoint.sh migrate")
    else:
        yield well("migrations", "the tables are those of this version")


def connections(now: datetime) -> Iterator[Finding]:
    """How many connections are left."""
    used, most = _row(_CONNECTIONS)
    message = f"{used} of {most} connections are used"
    if used > CONNECTIONS_PART_MAX * most:
        yield bad(PART, message, "raise max_connections, or use fewer processes")
    else:
        yield well(PART, message)


def horizon(now: datetime) -> Iterator[Finding]:
    """What keeps dead rows from being removed, and project streams from going on."""
    found = False
    for pid, user, seconds, state, query in _rows(_OPEN, [TRANSACTION_SECONDS_MAX]):
        found = True
        message = f"process {pid} of {user} is in a transaction since {seconds:.0f} s"
        advice = f"SELECT pg_terminate_backend({pid}), if nobody needs it"
        yield bad(PART, f"{message} ({state}): {query}", advice)
    for gid, prepared in _rows(_PREPARED):
        found = True
        message = f"the prepared transaction {gid} is open since {prepared}"
        yield bad(PART, message, f"ROLLBACK PREPARED '{gid}', or commit it")
    for name, active, kept in _rows(_SLOTS):
        if not active or kept > SLOT_BYTES_MAX:
            found = True
            state = "lags" if active else "is not read"
            message = (
                f"replication slot {name} {state} and keeps {kept / 2**20:.0f} MiB"
            )
            advice = f"mend its reader, or SELECT pg_drop_replication_slot('{name}')"
            yield bad(PART, message, advice)
    if not found:
        yield well(PART, "no old transaction and no slot holds anything back")


def bloat(now: datetime) -> Iterator[Finding]:
    """Tables that vacuum does not keep up with, and the age of the database."""
    dead = _rows(_DEAD, [DEAD_ROWS_MIN, DEAD_PART_MAX])
    for table, live, gone, at in dead:
        message = f"{table} has {gone:,} dead rows beside {live:,}; vacuumed last: {at}"
        yield warn(PART, message, f"VACUUM {table}; look for old transactions")
    age, size = _row(_AGE)
    if age > XID_AGE_MAX:
        message = f"{age:,} transactions since the last freeze: it will stop at 2^31"
        yield bad(PART, message, "VACUUM FREEZE, and find what holds autovacuum back")
    if not dead:
        yield well(PART, f"{size / 2**20:,.0f} MiB, vacuum keeps up")


def _rows(statement: str, values: Any = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _row(statement: str, values: Any = None) -> tuple[Any, ...]:
    return _rows(statement, values)[0]
