"""PostgreSQL's own counters, and which statements its clients send."""

import contextlib
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql

from tests.load.processes import file_behind

POLL_SECONDS: Final = 0.01
POLL_RARELY_SECONDS: Final = 0.25
NEAR_THE_END: Final = 50
_PREFIX: Final = "mobius-bench"
_LINE: Final = re.compile(rf"{_PREFIX} (\d+) LOG:  (?:statement|execute [^:]*): (.*)")
#: What only the dispatcher sends.
_DISPATCH_MARK: Final = re.compile(
    r"FROM source_events_sourceevent\s+WHERE dispatched_at IS NULL AND due_at"
)


@dataclass(frozen=True, slots=True)
class Written:
    """What has been written so far: transactions with a number, bytes of WAL."""

    transactions: int
    wal_bytes: int


@dataclass(slots=True)
class Heard:
    """Statements heard: round trips by client, ``web`` or ``dispatch``."""

    count: Counter[str] = field(default_factory=Counter)


class Database:
    """One connection of the bench's own, for looking."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def one(self, query: LiteralString, *values: Any) -> Any:
        """Return the first column of the first row."""
        row = self._connection.execute(query, values or None).fetchone()
        assert row is not None
        return row[0]

    def row(self, query: LiteralString, **values: Any) -> tuple[Any, ...]:
        """Return the first row."""
        row = self._connection.execute(query, values).fetchone()
        assert row is not None
        return row

    def column(self, query: LiteralString, **values: Any) -> list[Any]:
        """Return the first column of every row."""
        return [row[0] for row in self._connection.execute(query, values)]

    def written(self) -> Written:
        """Return how much has been written. Subtransactions count as well."""
        return Written(
            int(self.one("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")),
            int(self.one("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")),
        )

    def settings(self) -> str:
        """Return the settings that make commits durable."""
        names = ("fsync", "synchronous_commit", "full_page_writes")
        values = [self.one("SELECT current_setting(%s)", name) for name in names]
        return ", ".join(f"{n}={v}" for n, v in zip(names, values, strict=True))

    def runs(self, workflow_id: str, status: str) -> int:
        """Return how many runs of a definition have this status."""
        query: LiteralString = (
            "SELECT count(*) FROM runs_run WHERE workflow_id = %s AND status = %s"
        )
        return int(self.one(query, workflow_id, status))

    def wait_for_runs(self, workflow_id: str, count: int, *, seconds: float) -> None:
        """Return once ``count`` runs of a definition are complete.

        Raises:
            TimeoutError: they were not after ``seconds``.
        """
        deadline = time.monotonic() + seconds
        while (done := self.runs(workflow_id, "completed")) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"{done} of {count} runs complete in {seconds:.0f} s"
                )
            # Counting costs the same processors: often only towards the end.
            near = count - done < NEAR_THE_END
            time.sleep(POLL_SECONDS if near else POLL_RARELY_SECONDS)

    def analyze(self, tables: LiteralString) -> None:
        """Have the planner look at tables anew, after many rows at once."""
        self._connection.execute("ANALYZE " + tables)

    def wait_for_dispatch(self, *, seconds: float = 60) -> None:
        """Return once nothing is due for the dispatcher."""
        deadline = time.monotonic() + seconds
        while self.one(
            "SELECT count(*) FROM source_events_sourceevent"
            " WHERE dispatched_at IS NULL AND due_at <= now()"
        ):
            if time.monotonic() > deadline:
                raise TimeoutError(f"events are due for more than {seconds:.0f} s")
            time.sleep(POLL_SECONDS)

    @contextlib.contextmanager
    def listening(self) -> Iterator[Heard]:
        """Have every statement logged, and count them at the end.

        Needs a superuser on this machine's server, as the launcher's is.
        """
        log = self._log()
        self._set("log_line_prefix", f"{_PREFIX} %p ")
        self._set("log_statement", "all")
        self._reload()
        start = log.stat().st_size
        heard = Heard()
        try:
            yield heard
        finally:
            self._set("log_statement", None)
            self._set("log_line_prefix", None)
            self._reload()
            with log.open("rb") as lines:
                lines.seek(start)
                text = lines.read().decode(errors="replace")
            heard.count = _count(text, self._connection.info.backend_pid)

    def _log(self) -> Path:
        """The server's standard error."""
        folder = Path(str(self.one("SHOW data_directory")))
        postmaster = int((folder / "postmaster.pid").read_text().split("\n", 1)[0])
        return file_behind(postmaster, 2)

    def _set(self, name: str, value: str | None) -> None:
        change = sql.SQL(
            "ALTER SYSTEM SET {} = {}" if value else "ALTER SYSTEM RESET {}"
        )
        parts: list[sql.Composable] = [sql.Identifier(name)]
        if value:
            parts.append(sql.Literal(value))
        self._connection.execute(change.format(*parts))

    def _reload(self) -> None:
        self.one("SELECT pg_reload_conf()")
        time.sleep(0.3)  # the server tells its processes in its own time


def _count(text: str, own: int) -> Counter[str]:
    by_client: Counter[int] = Counter()
    dispatchers: set[int] = set()
    statements = text.split(f"\n{_PREFIX} ")
    for statement in statements:
        match = _LINE.match(f"{_PREFIX} {statement.removeprefix(_PREFIX + ' ')}")
        if match and int(match[1]) != own:
            by_client[int(match[1])] += 1
            if _DISPATCH_MARK.search(statement):
                dispatchers.add(int(match[1]))
    counted: Counter[str] = Counter()
    for pid, count in by_client.items():
        counted["dispatch" if pid in dispatchers else "web"] += count
    return counted
