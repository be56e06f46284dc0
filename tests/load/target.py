"""The system under load, as the environment describes it."""

import os
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Target:
    """Where the system listens, and what a caller needs to say."""

    host: str
    port: int
    key: str
    project: str
    database_url: str
    redis_url: str

    @classmethod
    def from_environment(cls) -> "Target":
        """Read the variables of the users' file and of the servers.

        Raises:
            KeyError: one of them is missing.
        """
        parts = urlsplit(os.environ["MOBIUS_BASE_URL"])
        return cls(
            host=parts.hostname or "127.0.0.1",
            port=parts.port or 80,
            key=os.environ["MOBIUS_API_KEY"],
            project=os.environ["PROJECT"],
            database_url=os.environ["MOBIUS_DATABASE_URL"],
            redis_url=os.environ["MOBIUS_REDIS_URL"],
        )

    def path(self, below_project: str) -> str:
        """Return the full path of something in the project."""
        return f"/v1/projects/{self.project}/{below_project}"
