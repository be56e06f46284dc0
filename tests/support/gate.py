"""A gate inside PostgreSQL, before which whoever is about to write a row stands still.

with gate(ask, "runs_run", "NEW.trigger_id = 'trg_1'") as at_gate:
    ... something starts a run ...
    wait_until(at_gate.waiting)
    ... it has decided, and written nothing ...
    at_gate.open()
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LOCK = 4_711
_CLOSE = """
CREATE FUNCTION pass_gate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_advisory_xact_lock({lock}); RETURN NEW; END $$;
CREATE TRIGGER gate BEFORE INSERT ON {table} FOR EACH ROW
WHEN ({condition}) EXECUTE FUNCTION pass_gate();
"""
_REMOVE = "DROP TRIGGER gate ON {table}; DROP FUNCTION pass_gate();"
_WAITING = f"""
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = {_LOCK}
AND NOT granted AND database = (SELECT oid FROM pg_database
                                WHERE datname = current_database())
"""

#: Executes a statement, always in the same session, and returns what it finds.
Ask = Callable[[str], list[tuple[int, ...]]]


class Gate:
    """A closed gate."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def waiting(self) -> int:
        """How many stand before it."""
        return self._ask(_WAITING)[0][0]

    def open(self) -> None:
        """Let all of them pass."""
        self._ask(f"SELECT pg_advisory_unlock({_LOCK})::int")


@contextmanager
def gate(ask: Ask, table: str, condition: str) -> Iterator[Gate]:
    """Close a gate before rows of ``table`` for which ``condition``, about ``NEW``,
    holds. ``ask`` commits each statement. One gate at a time in a database."""
    ask(_CLOSE.format(lock=_LOCK, table=table, condition=condition))
    ask(f"SELECT 1 FROM pg_advisory_lock({_LOCK})")
    try:
        yield Gate(ask)
    finally:
        ask("SELECT 1 FROM pg_advisory_unlock_all()")
        ask(_REMOVE.format(table=table))
