"""A few long-lived threads that run synchronous calls for an event loop.

What ``loop.run_in_executor`` does, without a lock and a condition per call: a call
is one entry in a queue, its answer one call back into the loop.
"""

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, NamedTuple


class _Work(NamedTuple):
    call: Callable[[], Any]
    answer: "asyncio.Future[Any]"
    loop: asyncio.AbstractEventLoop


class Threads:
    """``count`` threads named after ``name``; each runs ``farewell`` when it ends."""

    def __init__(self, count: int, name: str, farewell: Callable[[], None]) -> None:
        self._queue: SimpleQueue[_Work | None] = SimpleQueue()
        self._farewell = farewell
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True)
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    async def run(self, call: Callable[[], Any]) -> Any:
        """Run ``call`` on one of the threads; return or raise what it does."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        self._queue.put(_Work(call, answer, loop))
        return await answer

    def backlog(self) -> int:
        """Return how many calls wait for a thread."""
        return self._queue.qsize()

    def stop(self) -> None:
        """End the threads after what is queued, and wait for them."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        try:
            while (work := self._queue.get()) is not None:
                self._do(work)
        finally:
            self._farewell()

    def _do(self, work: _Work) -> None:
        try:
            result, error = work.call(), None
        except BaseException as raised:
            result, error = None, raised
        try:
            work.loop.call_soon_threadsafe(_answer, work.answer, result, error)
        except RuntimeError:
            # The loop is closed: nobody waits for the answer any more.
            return


def _answer(
    answer: "asyncio.Future[Any]", result: Any, error: BaseException | None
) -> None:
    if answer.cancelled():
        return
    if error is not None:
        answer.set_exception(error)
    else:
        answer.set_result(result)
