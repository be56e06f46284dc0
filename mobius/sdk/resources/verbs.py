"""How one verb serves two clients."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from mobius.sdk.calls import Call, Exchange, Json

if TYPE_CHECKING:
    from mobius.sdk.async_client import AsyncClient
    from mobius.sdk.client import Client

P = ParamSpec("P")
R = TypeVar("R")


class Resource:
    """Verbs of a ``Client``."""

    def __init__(self, client: "Client") -> None:
        self._client = client


class AsyncResource:
    """Verbs of an ``AsyncClient``."""

    def __init__(self, client: "AsyncClient") -> None:
        self._client = client


def does(verb: Callable[P, Exchange[R]]) -> Callable[Concatenate[Resource, P], R]:
    """Return a method that runs the verb and returns what comes of it."""

    @wraps(verb)
    def method(self: Resource, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._client.carry_out(verb(*args, **kwargs))

    return method


def awaits(
    verb: Callable[P, Exchange[R]],
) -> Callable[Concatenate[AsyncResource, P], Awaitable[R]]:
    """Return a coroutine method that runs the verb."""

    @wraps(verb)
    async def method(self: AsyncResource, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await self._client.carry_out(verb(*args, **kwargs))

    return method


def yields(
    verb: Callable[P, Call],
) -> Callable[Concatenate[Resource, P], Iterator[Json]]:
    """Return a method that yields every item of the list that the call asks for."""

    @wraps(verb)
    def method(self: Resource, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[Json]:
        call = verb(*args, **kwargs)
        return self._client.pages(call.path, call.query)

    return method


def ayields(
    verb: Callable[P, Call],
) -> Callable[Concatenate[AsyncResource, P], AsyncIterator[Json]]:
    """Return a method whose items are read with ``async for``."""

    @wraps(verb)
    def method(
        self: AsyncResource, /, *args: P.args, **kwargs: P.kwargs
    ) -> AsyncIterator[Json]:
        call = verb(*args, **kwargs)
        return self._client.pages(call.path, call.query)

    return method


def present(**fields: object) -> Json:
    """Return a body without what is None."""
    return {name: value for name, value in fields.items() if value is not None}
