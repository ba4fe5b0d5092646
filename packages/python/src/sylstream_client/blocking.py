"""The same stream for programs without asyncio: it lives in a thread of its own, and calls wait for it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from types import TracebackType
from typing import Any, Self, TypeVar

from sylstream_client.stream import UnitStream
from sylstream_client.wire import Message

T = TypeVar('T')


class BlockingStream:
    """
    A `UnitStream` whose methods return when they are done. Use it as a context manager, from one thread or from two: one that
    writes and one that iterates. Its arguments are those of `UnitStream`; what that raises, it raises.
    """

    def __init__(self, url: str, **options: Any) -> None:
        self._url = url
        self._options = options
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name='sylstream', daemon=True)
        self._stream: UnitStream

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._call(self._open())
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self._call(self._stream.__aexit__(kind, error, trace))
        finally:
            self._stop()

    def __iter__(self) -> Iterator[Message]:
        messages = aiter(self._stream)
        while (message := self._call(_next(messages))) is not None:
            yield message

    def write(self, data: bytes) -> None:
        """Appends audio; see `UnitStream.write`."""
        self._call(self._stream.write(data))

    def skip(self, moments: int) -> None:
        """Declares that so many moments do not exist."""
        self._call(self._stream.skip(moments))

    def turn(self, dial: str | float, from_sample: int | None = None) -> None:
        """Turns the rate dial."""
        self._call(self._stream.turn(dial, from_sample))

    def flush(self, flush_id: str | int) -> None:
        """Asks that everything so far be decided."""
        self._call(self._stream.flush(flush_id))

    def ask(self, request_id: str | int, **options: Any) -> None:
        """Asks what comes next; see `UnitStream.ask`."""
        self._call(self._stream.ask(request_id, **options))

    def say(self, request_id: str | int, **options: Any) -> None:
        """Has units spoken; see `UnitStream.say`."""
        self._call(self._stream.say(request_id, **options))

    def cancel(self, request_id: str | int) -> None:
        """Ends a request of `ask` or `say`."""
        self._call(self._stream.cancel(request_id))

    def end(self) -> None:
        """No more audio."""
        self._call(self._stream.end())

    async def _open(self) -> None:
        # Here, for what it makes belongs to the loop of this thread.
        self._stream = UnitStream(self._url, **self._options)
        await self._stream.__aenter__()

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()  # of a KeyboardInterrupt: nobody waits any more
            raise

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def connect(url: str, **options: Any) -> BlockingStream:
    """A stream to a server, to be used in a `with` statement."""
    return BlockingStream(url, **options)


async def _next(messages: AsyncIterator[Message]) -> Message | None:
    return await anext(messages, None)
