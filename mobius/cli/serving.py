"""Being a worker: a module of the working directory, its functions, a line per job."""

import functools
import importlib
import inspect
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from rich.markup import escape

from mobius.cli.failures import Failure, UsageFailure
from mobius.cli.shell import Session
from mobius.cli.tables import short

Function = Callable[..., Any]


def load_module(name: str) -> ModuleType:
    """Import a module by name or by the path of its file, the working directory first.

    Raises:
        UsageFailure: there is none, or its name belongs to another one.
        Failure: it fails when it is imported; the trace is on standard error.
    """
    path = Path(name)
    folder = Path.cwd()
    if path.suffix == ".py" or len(path.parts) > 1:
        folder, name = path.absolute().parent, path.stem
        if not path.is_file():
            raise UsageFailure(f"{path}: No such file")
    sys.path.insert(0, str(folder))
    known = sys.modules.get(name)
    if known is not None and not _is_below(known, folder):
        raise UsageFailure(f"{name} is the name of another module; rename yours")
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name in _parents(name):
            raise UsageFailure(f"there is no module {name} in {folder}") from None
        traceback.print_exc()
        raise Failure(f"{name} cannot be imported: {error}") from None
    except Exception as error:
        traceback.print_exc()
        said = f"{type(error).__name__}: {error}"
        raise Failure(f"{name} cannot be imported: {said}") from None


def told(session: Session, actions: Mapping[str, Function]) -> dict[str, Function]:
    """The same actions; each prints a line when it has ended."""
    return {name: _told(session, name, function) for name, function in actions.items()}


def _told(session: Session, name: str, function: Function) -> Function:
    from mobius.sdk.working.actions import takes_context

    wants_context = takes_context(function)

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def later(parameters: Any, context: Any) -> Any:
            with _Line(session, name, context) as line:
                given = (parameters, context) if wants_context else (parameters,)
                return line.ended(await function(*given))

        later.__signature__ = _TWO  # type: ignore[attr-defined]
        return later

    @functools.wraps(function)
    def now(parameters: Any, context: Any) -> Any:
        with _Line(session, name, context) as line:
            given = (parameters, context) if wants_context else (parameters,)
            return line.ended(function(*given))

    now.__signature__ = _TWO  # type: ignore[attr-defined]
    return now


_TWO = inspect.signature(lambda parameters, context: None)


class _Line:
    """Prints how one attempt ended and how long it took."""

    def __init__(self, session: Session, action: str, context: Any) -> None:
        self._session = session
        self._told = {
            "action": action,
            "run_id": context.run_id,
            "job_id": context.job_id,
            "attempt": context.attempt,
        }
        self._result: Any = None

    def __enter__(self) -> "_Line":
        self._began = time.monotonic()
        return self

    def ended(self, result: Any) -> Any:
        """Keep what came of it and hand it on."""
        self._result = result
        return result

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        milliseconds = round((time.monotonic() - self._began) * 1000)
        status = "completed" if error is None else "failed"
        what = self._result if error is None else f"{type(error).__name__}: {error}"
        style = "green" if error is None else "red"
        told = {**self._told, "status": status, "duration_ms": milliseconds}
        if error is not None:
            told["error"] = what
        action = f"[bold]{escape(self._told['action']):<20}[/bold]"
        self._session.out.line(
            told,
            f"{action} {self._told['run_id']}  [{style}]{status}[/{style}] "
            f"in {milliseconds} ms: {escape(_shown(what))}",
        )


def _shown(what: Any) -> str:
    try:
        return short(what)
    except (TypeError, ValueError):  # no JSON: the report of the job says so
        return repr(what)[:80]


def _is_below(module: ModuleType, folder: Path) -> bool:
    file = getattr(module, "__file__", None)
    return file is not None and Path(file).absolute().is_relative_to(folder)


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[: end + 1]) for end in range(len(parts))]
