"""What goes wrong, as people read it, and the exit code for programs.

| code | meaning |
| --- | --- |
| 0 | done |
| 1 | the thing failed: a watched run failed, a delivery was refused, a defect |
| 2 | the command line or a file is wrong; the server refused the request's content |
| 3 | no key, a wrong key, or not permitted |
| 4 | there is no such thing |
| 5 | a conflict: the right request at the wrong moment |
| 6 | the server is not there, too busy, or asked for patience; try again |
| 130 | stopped with Ctrl-C |
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

FAILED: Final = 1
USAGE: Final = 2
AUTH: Final = 3
NOT_FOUND: Final = 4
CONFLICT: Final = 5
UNAVAILABLE: Final = 6
INTERRUPTED: Final = 130

_OF_STATUS: Final = {401: AUTH, 403: AUTH, 404: NOT_FOUND, 409: CONFLICT, 429: 6}
_HINTS: Final = {
    401: "run mobius login with a key of this server, or look at mobius whoami",
    403: "the key's role lacks this permission; an Admin of the project can change it",
    404: "look at mobius whoami for the project, and list what there is",
    409: "read its state first, then decide",
    413: "send less at once",
    429: "wait a moment and run it again",
}
_HINT_DOWN: Final = "is it up, and is the address right? See mobius whoami"


class Failure(Exception):
    """Ends a command: what is printed, and with which code.

    ``fields`` are problems with their place, ``hint`` says what to do.
    """

    exit_code = FAILED

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        hint: str = "",
        fields: Sequence[tuple[str, str]] = (),
        exit_code: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint
        self.fields = tuple(fields)
        self.exit_code = self.exit_code if exit_code is None else exit_code

    def lines(self) -> list[str]:
        """``error: message (code)``, a line per field, and the hint."""
        code = f" ({self.code})" if self.code else ""
        told = [f"error: {self.message}{code}"]
        told += [f"  {path}: {problem}" for path, problem in self.fields]
        return [*told, f"hint: {self.hint}"] if self.hint else told


class UsageFailure(Failure):
    """The command line, a variable or a file is wrong."""

    exit_code = USAGE


def failure_of(error: Exception) -> Failure | None:
    """Translate what the SDK raises; None when it is something else."""
    from mobius.sdk import ApiError, ConnectionFailed, MobiusError

    match error:
        case Failure():
            return error
        case ApiError():
            return _refused(error)
        case ConnectionFailed():
            return Failure(
                str(error),
                code="connection_failed",
                hint=_HINT_DOWN,
                exit_code=UNAVAILABLE,
            )
        case MobiusError():
            return UsageFailure(str(error))
        case _:
            return None


def _refused(error: Any) -> Failure:
    status = int(error.status)
    exit_code = _OF_STATUS.get(status, UNAVAILABLE if status >= 500 else USAGE)
    details: Mapping[str, Any] = error.details or {}
    return Failure(
        str(error.message or error),
        code=str(error.code or f"http_{status}"),
        hint=_HINTS.get(status, _HINT_DOWN if status >= 500 else ""),
        fields=_fields(details),
        exit_code=exit_code,
    )


def _fields(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every fact of an error with its name; ``fields`` are problems with places."""
    told: list[tuple[str, str]] = []
    for name, value in details.items():
        if name == "fields" and isinstance(value, list):
            told += [
                (str(one.get("path") or "request"), str(one.get("message")))
                for one in value
                if isinstance(one, Mapping)
            ]
        elif name != "path" or "fields" not in details:  # the place of the first
            told.append((str(name), str(value)))
    return told
