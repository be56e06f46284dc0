"""How far the dispatcher is behind, looked at four times a second."""

import threading
from typing import Final

import psycopg

EVERY_SECONDS: Final = 0.25
_OLDEST: Final = """
SELECT count(*), coalesce(extract(epoch FROM now() - min(due_at)), 0)::float
FROM (SELECT due_at FROM source_events_sourceevent
      WHERE dispatched_at IS NULL AND due_at <= now()
      ORDER BY due_at, id LIMIT 5000) AS due
"""


class LagWatch:
    """Looks on a connection of its own, from its making until ``stop``.

    ``ages`` are seconds since the oldest undispatched event was due, ``counts`` how
    many there were, 5,000 at most; one of each for every look.
    """

    def __init__(self, url: str) -> None:
        self.ages: list[float] = []
        self.counts: list[int] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, args=[url])
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()

    def _look(self, url: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while not self._over.wait(EVERY_SECONDS):
                row = connection.execute(_OLDEST).fetchone()
                assert row is not None
                self.counts.append(row[0])
                self.ages.append(row[1])
