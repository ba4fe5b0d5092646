"""A live stream to a sylstream server: audio in, units out, whatever becomes of the sockets between."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from outbox import Outbox
from wire import NEW_SESSION_CODES, RETRY_CODES, SUBPROTOCOL, Message, StreamError, decode, encode

SAMPLE_BYTES = {'s16le': 2, 'f32le': 4, 'mulaw': 1, 'alaw': 1}
FIRST_BACK_OFF_S = 0.1
LONGEST_BACK_OFF_S = 5.0
# Seconds for a connection and its `ready`.
OPEN_TIMEOUT_S = 10.0
# Audio that may wait here before `write` does, in seconds.
BUFFER_S = 30.0
# Samples that may come of a `say` ahead of what was heard.
FIRST_CREDIT = 32_000


class UnitStream:
    """
    One session. Use it as a context manager, `write` audio, `end` it, and iterate over its messages: maps as
    docs/protocol.md has them, of the types `ready`, `u`, `p`, `flushed`, `g`, `gend`, `w`, `wend`, `goaway`, `error` (not fatal)
    and, last, `done`. Every `u` comes once and in order. Iterating raises StreamError when the stream cannot go on.

    rate, channels, fmt: of the audio (8,000 to 192,000 Hz, 1 to 6 channels, s16le, f32le, mulaw or alaw).
    pace: "live", or "file" for faster than real time. dial: "natural" or units a second. token: the bearer token.
    continuation: whether `ask` will be called, so that the server's language model reads along from the start.
    give_up_s: seconds without a connection after which the stream fails.
    """

    def __init__(
        self,
        url: str,
        *,
        rate: int = 16_000,
        channels: int = 1,
        fmt: str = 's16le',
        pace: str = 'live',
        dial: str | float = 'natural',
        max_delay_ms: float = 800,
        partials: bool = False,
        continuation: bool = False,
        token: str | None = None,
        give_up_s: float = 30.0,
    ) -> None:
        self._url = url
        self._hello: Message = {
            't': 'hello',
            'v': 1,
            'audio': {'fmt': fmt, 'rate': rate, 'ch': channels},
            'want': {'partials': partials, 'continuation': continuation},
            'pace': pace,
            'rate': dial,
            'max_delay_ms': max_delay_ms,
            'client': {'name': 'sylstream-python-example', 'version': '1'},
        }
        self._headers = {'Authorization': f'Bearer {token}'} if token else {}
        self._give_up_s = give_up_s
        self._buffer = int(BUFFER_S * rate)
        self._outbox = Outbox(SAMPLE_BYTES[fmt] * channels)
        self._limit = 0  # the first sample that may not be sent yet
        self._after = -1  # the last unit that arrived
        self._flushed: str | int | None = None
        self._resume_token: str | None = None
        self._ended = False
        self._requests: dict[str | int, Message] = {}  # each `gen` that is not over
        self._spoken: dict[str | int, Message] = {}  # each `say` that is not over
        self._direct: deque[Message] = deque()  # what need not wait for its place in the audio
        self._events: asyncio.Queue[Message | StreamError | None] = asyncio.Queue()
        self._moved = asyncio.Condition()  # something to send, more credit, or room in the outbox
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def __aiter__(self) -> AsyncIterator[Message]:
        while (event := await self._events.get()) is not None:
            if isinstance(event, StreamError):
                raise event
            yield event

    async def write(self, data: bytes) -> None:
        """Appends audio: whole moments (one sample of every channel). Waits while 30 s of it wait already."""
        self._outbox.push_audio(data)
        async with self._moved:
            self._moved.notify_all()
            await self._moved.wait_for(lambda: self._outbox.held < self._buffer or self._over)

    async def turn(self, dial: str | float, from_sample: int | None = None) -> None:
        """Turns the rate dial from here on, or from a sample at 16 kHz on."""
        await self._control({'t': 'set', 'rate': dial, **({} if from_sample is None else {'from': from_sample})})

    async def flush(self, flush_id: str | int) -> None:
        """Asks that everything so far be decided; `flushed` with this id answers."""
        await self._control({'t': 'flush', 'id': flush_id})

    async def ask(self, request_id: str | int, *, units: int = 300, seconds: float | None = None, on: str = 'now', **draw: float) -> None:
        """
        Asks what comes next; `g` and `gend` of this id follow, or an `error` about it. After a lost connection it is asked
        again, and the continuation begins anew. `draw`: n, temp, top_k, top_p, penalty, seed. Raises StreamError `order` after `end`.
        """
        if self._ended:
            raise StreamError('order', 'nothing may follow end')
        request: Message = {'t': 'gen', 'id': request_id, 'max': units, 'on': on, **draw}
        if seconds is not None:
            request['seconds'] = seconds
        self._requests[request_id] = request
        await self._send_now(request)

    async def say(
        self,
        request_id: str | int,
        *,
        units: list[tuple[int, int, int]] | list[int] | None = None,
        continuation: Message | None = None,
        **options: Any,
    ) -> None:
        """
        Has units spoken; `w` and `wend` of this id follow, or an `error` about it. Every `w` that comes counts as heard.

        units: (id, start, end) in samples at 16 kHz, or ids alone; without them those of the stream from now on, or, with
        `continuation` (max, seconds, temp, ...), what comes next. options: fine (the finer name of each unit), voice, model, keep, lookahead, credit (in samples).
        A connection that drops takes it with it: a `wend` with the reason `lost`, which no server sends, says so. Raises
        StreamError `order` after `end`.
        """
        if self._ended:
            raise StreamError('order', 'nothing may follow end')
        say: Message = {'t': 'say', 'id': request_id, 'of': 'units' if continuation is None else 'continuation', **options}
        if units is not None:
            say['ids' if isinstance(units[0], int) else 'us'] = [*units]
        if continuation is not None:
            say['gen'] = continuation
        say.setdefault('credit', FIRST_CREDIT)
        self._spoken[request_id] = say
        await self._send_now(say)

    async def cancel(self, request_id: str | int) -> None:
        """Ends a request of `ask` or `say`; its last `gend`, or its `wend`, follows."""
        if self._spoken.pop(request_id, None) is not None:
            return await self._send_now({'t': 'cancel', 'id': request_id})
        if self._requests.pop(request_id, None) is not None and not self._ended:
            await self._send_now({'t': 'cancel', 'id': request_id})

    async def end(self) -> None:
        """No more audio."""
        self._ended = True
        await self._control({'t': 'end'})

    @property
    def _over(self) -> bool:
        return self._task is None or self._task.done()

    async def _send_now(self, message: Message) -> None:
        self._direct.append(message)
        async with self._moved:
            self._moved.notify_all()

    async def _control(self, message: Message) -> None:
        self._outbox.push_control(message)
        async with self._moved:
            self._moved.notify_all()

    async def _run(self) -> None:
        """Connects, and again when it must, until `done` or an error that ends it."""
        lost_since, back_off = monotonic(), FIRST_BACK_OFF_S
        try:
            while True:
                had = self._resume_token
                try:
                    await self._session()
                    return self._events.put_nowait(None)
                except StreamError as error:
                    if error.code not in RETRY_CODES or (error.code in NEW_SESSION_CODES and self._resume_token):
                        return self._events.put_nowait(error)
                    reason = error
                except (OSError, TimeoutError, ConnectionClosed) as error:
                    reason = StreamError('connection', f'no connection to {self._url}: {error}')
                except InvalidHandshake as error:
                    return self._events.put_nowait(StreamError('connection', f'{self._url}: {error}'))
                if self._resume_token != had:  # there was a session in between
                    lost_since, back_off = monotonic(), FIRST_BACK_OFF_S
                if monotonic() - lost_since > self._give_up_s:
                    return self._events.put_nowait(reason)
                await asyncio.sleep(max(back_off, (reason.retry_after_ms or 0) / 1000))
                back_off = min(2 * back_off, LONGEST_BACK_OFF_S)
        finally:
            async with self._moved:
                self._moved.notify_all()

    async def _session(self) -> None:
        """One connection, from hello to done. Raises when it drops."""
        async with connect(
            self._url,
            subprotocols=[SUBPROTOCOL],
            additional_headers=self._headers,
            compression=None,
            open_timeout=OPEN_TIMEOUT_S,
        ) as socket:
            await socket.send(encode(self._hello_message()))
            ready = await asyncio.wait_for(self._receive(socket), OPEN_TIMEOUT_S)
            if ready['t'] != 'ready':
                raise StreamError('order', f'expected ready, got {ready["t"]}')
            may_ask = self._resume_token is None or not self._ended  # an `end` may have arrived before
            self._resume_token = ready['token']
            self._outbox.acknowledge(ready['next'])
            self._outbox.rewind(ready['next'])
            self._limit = ready['next'] + ready['credit']
            self._direct = deque([*self._requests.values(), *self._spoken.values()] if may_ask else [])
            self._events.put_nowait(ready)
            sending = asyncio.create_task(self._send(socket))
            try:
                while not await self._handle(await self._receive(socket), socket):
                    pass
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
                self._lose_speech()

    def _lose_speech(self) -> None:
        """What was being said went with its connection."""
        for request_id in self._spoken:
            self._events.put_nowait({'t': 'wend', 'id': request_id, 'reason': 'lost', 'n': 0})
        self._spoken.clear()

    def _hello_message(self) -> Message:
        if self._resume_token is None:
            return self._hello
        resume: Message = {'token': self._resume_token, 'after': self._after, 'only': True}
        if self._flushed is not None:
            resume['flush'] = self._flushed
        return {**self._hello, 'resume': resume}

    async def _send(self, socket: ClientConnection) -> None:
        """Sends what the credit allows, waits for more of either."""
        while True:
            async with self._moved:
                message = self._direct.popleft() if self._direct else self._outbox.take(self._limit)
                if message is None:
                    await self._moved.wait()
                    continue
            await socket.send(encode(message))

    async def _receive(self, socket: ClientConnection) -> Message:
        """The next message; raises StreamError for a fatal error."""
        data = await socket.recv()
        if isinstance(data, str):
            raise StreamError('malformed', 'expected a binary message, got text')
        message = decode(data)
        if message['t'] == 'error' and message['fatal']:
            raise StreamError(message['code'], message['msg'], message.get('retry_after_ms'))
        return message

    async def _handle(self, message: Message, socket: ClientConnection) -> bool:
        """Takes one message; True after `done`."""
        match message['t']:
            case 'ack':
                async with self._moved:
                    self._limit = message['n'] + message['credit']
                    self._outbox.acknowledge(message['n'])
                    self._moved.notify_all()
                return False
            case 'ping':
                await socket.send(encode({**message, 't': 'pong'}))
                return False
            case 'u':
                if message['i'] <= self._after:
                    return False  # came before the connection dropped
                if message['i'] != self._after + 1:
                    raise StreamError('internal', f'expected unit {self._after + 1}, got {message["i"]}')
                self._after = message['i']
            case 'flushed':
                self._flushed = message['id']
            case 'gend' if not message.get('more'):
                self._requests.pop(message['id'], None)
            case 'error' if 'ref' in message:
                self._requests.pop(message['ref'], None)
                self._spoken.pop(message['ref'], None)
            case 'w' if message['id'] in self._spoken:
                heard = message['n'] + len(message['d']) // SAMPLE_BYTES['s16le']
                await self._send_now({'t': 'heard', 'id': message['id'], 'n': heard, 'credit': self._spoken[message['id']]['credit']})
            case 'wend':
                self._spoken.pop(message['id'], None)
        self._events.put_nowait(message)
        return message['t'] == 'done'
