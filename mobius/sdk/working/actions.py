"""Which function serves which action, and how it is called."""

import asyncio
import contextlib
import inspect
import json
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

from mobius.sdk.errors import ConfigurationError
from mobius.sdk.working.jobs import (
    CANCELLED,
    FATAL,
    ActionFailed,
    AsyncJobContext,
    Emit,
    Job,
    JobCancelled,
    JobContext,
    Outcome,
    failure,
)

#: Takes the parameters, or the parameters and a context; may be a coroutine function.
Function: TypeAlias = Callable[..., Any]
F = TypeVar("F", bound=Function)


class Actions:
    """The functions of a worker by the names of their actions."""

    def __init__(self, actions: Mapping[str, Function] | None) -> None:
        self._functions: dict[str, Function] = {}
        for name, function in (actions or {}).items():
            self.add(name, function)

    @property
    def names(self) -> list[str]:
        """The actions that are served."""
        return list(self._functions)

    def add(self, name: str, function: Function) -> None:
        """Serve an action with a function.

        Raises:
            ConfigurationError: it has one already, or this cannot be called.
        """
        if not name or not isinstance(name, str):
            raise ConfigurationError("action: expected a name such as doc.parse")
        if name in self._functions:
            raise ConfigurationError(f"action {name}: has two functions")
        if not callable(function):
            raise ConfigurationError(f"action {name}: expected a function")
        self._functions[name] = function

    def find(self, name: str) -> Function | None:
        """Return the function of an action."""
        return self._functions.get(name)


class Running:
    """A function at work on a job. ``stop`` asks it to end."""

    def __init__(self, function: Function, job: Job, emit: Emit) -> None:
        self._function = function
        self._job = job
        self._is_async = inspect.iscoroutinefunction(function)
        loop = asyncio.get_running_loop()
        self._context: JobContext | AsyncJobContext = JobContext(job, emit, loop)
        if self._is_async:
            self._context = AsyncJobContext(job, emit)
        self._task: asyncio.Future[Any] | None = None
        self.was_stopped = False

    def stop(self) -> None:
        """Ask the function to end. A plain one looks when it likes."""
        self.was_stopped = True
        self._context.cancelled.set()
        if self._is_async and self._task is not None:
            self._task.cancel()

    async def outcome(self) -> Outcome:
        """Call the function and return how it ended."""
        if self.was_stopped:
            return Outcome("cancelled", None, CANCELLED, "it was cancelled before")
        arguments = [self._job.parameters]
        if takes_context(self._function):
            arguments.append(self._context)
        try:
            if self._is_async:
                self._task = asyncio.ensure_future(self._function(*arguments))
            else:
                self._task = in_thread(self._function, *arguments, name=self._job.id)
            return completed(await self._task)
        except JobCancelled as error:
            return Outcome("cancelled", None, CANCELLED, str(error))
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise
            return Outcome("cancelled", None, CANCELLED, "the job was cancelled")
        except ActionFailed as error:
            return failure(error.error_type, str(error))
        except Exception as error:
            return failure(type(error).__name__, str(error) or repr(error))


def completed(result: Any) -> Outcome:
    """Return the outcome of a function that returned; what it returned has to be JSON,
    because the run goes on with it."""
    try:
        json.dumps(result, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        return failure(FATAL, f"the result is not JSON: {error}")
    return Outcome("completed", result)


def takes_context(function: Function) -> bool:
    """Say whether a function wants a second argument."""
    try:
        signature = inspect.signature(function)
    except ValueError:  # a builtin that does not say
        return False
    try:
        signature.bind(None, None)
    except TypeError:
        return False
    return True


def in_thread(function: Function, *arguments: Any, name: str) -> "asyncio.Future[Any]":
    """Run a plain function on a thread of its own that no exit of the process waits
    for; return what will be its result."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def settle(result: Any, error: BaseException | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def work() -> None:
        result: Any = None
        error: BaseException | None = None
        try:
            result = function(*arguments)
        except StopIteration as stopped:  # a future does not take it
            error = RuntimeError(f"StopIteration: {stopped}")
        except Exception as raised:
            error = raised
        except BaseException as raised:
            error = RuntimeError(f"{type(raised).__name__}: {raised}")
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=work, name=f"mobius-{name}", daemon=True).start()
    return future
