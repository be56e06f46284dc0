"""What can go wrong on somebody's machine, said so that they can act on it."""

from pathlib import Path

LOG_LINES_SHOWN = 12


class LocalError(Exception):
    """Stops a local command; the message is printed as it is, without a trace."""


def log_tail(log: Path, offset: int = 0) -> str:
    """The last lines of ``log`` written after byte ``offset``, indented."""
    try:
        with log.open("rb") as handle:
            handle.seek(offset)
            lines = handle.read().decode(errors="replace").splitlines()
    except OSError:
        lines = []
    return "\n".join(f"    {line}" for line in lines[-LOG_LINES_SHOWN:])
