"""What an action is called with, and how a call ended."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

#: Error types that specs can catch. Workers and ``fail`` may say others.
UNKNOWN_ACTION: Final = "ActionNotRegistered"
DISABLED: Final = "action_disabled"
INVALID_INPUT: Final = "invalid_input"
INVALID_OUTPUT: Final = "invalid_output"
HTTP_ERROR: Final = "http_error"
UNREACHABLE: Final = "unreachable"
REFUSED: Final = "address_refused"
TIMEOUT: Final = "timeout"
TOO_LARGE: Final = "response_too_large"
SECRET: Final = "secret_error"  # noqa: S105
INTERNAL: Final = "internal_error"
CANCELLED: Final = "cancelled"
ERROR_CHARS_MAX: Final = 2000


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt at an action.

    ``id`` is the invocation's, the same for every attempt; ``seconds`` limits this
    attempt and None is no limit of the caller's.
    """

    id: str
    project_id: str
    action: str
    parameters: Mapping[str, Any]
    run_id: str = ""
    job_id: str = ""
    step_name: str = ""
    attempt: int = 1
    seconds: float | None = None
    actor_id: str = ""
    actor_type: str = ""
    origin: str = ""
    definition_id: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended. ``effect`` is done in the transaction that reports it.

    ``retries`` counts how often the endpoint was asked again within the attempt.
    """

    completed: bool
    output: Any = None
    error_type: str = ""
    error: str = ""
    http_status: int | None = None
    secret_version: int | None = None
    retries: int = 0
    effect: "Callable[[Call, datetime], None] | None" = field(default=None, repr=False)


Attempt = Callable[[], Coroutine[Any, Any, Outcome]]


def done(output: Any, **facts: Any) -> Outcome:
    """Return a success."""
    return Outcome(True, output, **facts)


def failed(error_type: str, error: str, **facts: Any) -> Outcome:
    """Return a failure, in words short enough for every timeline."""
    plain = error.replace("\x00", "")[:ERROR_CHARS_MAX]
    return Outcome(False, None, error_type, plain, **facts)
