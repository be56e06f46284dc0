"""Whether PostgreSQL still writes the log as it was told to.

Who may change the database's structure can switch a trigger off, change something
unseen, and switch it on again; what is found here is only how it stands now.
"""

from typing import Final

from django.db import connection

from apps.audit.function import NOTE_BODY, REFUSE_BODY
from apps.audit.watched import WATCHED, watch

_TRIGGERS: Final = """
SELECT c.relname, pg_get_triggerdef(t.oid, true), t.tgenabled = ANY ('{O,A}')
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE t.tgname = %s AND pg_table_is_visible(c.oid)
"""
_FUNCTION: Final = """
SELECT prosrc FROM pg_proc WHERE proname = %s AND pg_function_is_visible(oid)
"""
_LOG: Final = "audit_auditrecord"
_APPEND_ONLY: Final = (
    f"CREATE TRIGGER audit_append_only BEFORE DELETE OR UPDATE ON {_LOG}"
    " FOR EACH ROW EXECUTE FUNCTION audit_refuse()"
)


def problems_of_writer() -> list[str]:
    """Return what of triggers and functions is not as the migrations made it."""
    wanted = {table: watch(table, how) for table, how in WATCHED.items()}
    with connection.cursor() as cursor:
        problems = [
            *_of_triggers(cursor, "audit_watch", wanted),
            *_of_triggers(cursor, "audit_append_only", {_LOG: _APPEND_ONLY}),
        ]
        for name, body in (("audit_note", NOTE_BODY), ("audit_refuse", REFUSE_BODY)):
            cursor.execute(_FUNCTION, [name])
            if cursor.fetchall() != [(body,)]:
                problems.append(f"the function {name} is not the one that was made")
        cursor.execute("SELECT current_setting('session_replication_role')")
        if cursor.fetchone() != ("origin",):
            problems.append("session_replication_role keeps triggers from running")
    return problems


def _of_triggers(cursor: object, name: str, wanted: dict[str, str]) -> list[str]:
    cursor.execute(_TRIGGERS, [name])  # type: ignore[attr-defined]
    found = {table: rest for table, *rest in cursor.fetchall()}  # type: ignore[attr-defined]
    problems = []
    for table, definition in wanted.items():
        made, is_on = found.get(table, ("", False))
        if not made:
            problems.append(f"the trigger {name} of {table} is missing")
        elif not is_on:
            problems.append(f"the trigger {name} of {table} is switched off")
        elif made != definition:
            problems.append(f"the trigger {name} of {table} is not the one of before")
    return problems
