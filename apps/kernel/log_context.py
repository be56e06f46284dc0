"""What a line of the log is about: request, project, run, job, trace; its two forms."""

import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from apps.kernel import tracing

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_about: ContextVar[Mapping[str, str]] = ContextVar("about", default=_NOTHING)

_PROJECT: Final = re.compile(r"/v1/projects/([^/]{1,128})")
_NAMED: Final = (
    ("run_id", re.compile(r"/runs/(run_[0-9a-z]{26})(?:/|$)")),
    ("job_id", re.compile(r"/jobs/(job_[0-9a-z]{26})(?:/|$)")),
)


@contextmanager
def about(**facts: str) -> Iterator[None]:
    """Let every line that is logged inside carry these facts; empty ones are left
    out."""
    known = {name: value for name, value in facts.items() if value}
    token = _about.set({**_about.get(), **known})
    try:
        yield
    finally:
        _about.reset(token)


def facts_of_path(path: str) -> dict[str, str]:
    """Return the project, run and job that a path of the API names."""
    project = _PROJECT.match(path)
    if project is None:
        return {}
    found = {"project": project[1]}
    for name, pattern in _NAMED:
        named = pattern.search(path)
        if named is not None:
            found[name] = named[1]
    return found


class TextFormatter(logging.Formatter):
    """A line for people, with what it is about at its end."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the first line of an entry."""
        known = {**_about.get(), **tracing.named()}
        facts = " ".join(f"{name}={value}" for name, value in known.items())
        line = super().formatMessage(record)
        return f"{line} [{facts}]" if facts else line


class JsonFormatter(logging.Formatter):
    """One JSON object a line, for programs that collect logs."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the entry."""
        at = datetime.fromtimestamp(record.created, tz=UTC)
        entry = {
            "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_about.get(),
            **tracing.named(),
        }
        if record.exc_info:
            entry["error"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str)
