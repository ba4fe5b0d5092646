"""A live stream to a sylstream server: audio in, units out, whatever becomes of the sockets between."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any, Self

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from sylstream_client.connection import arrive, is_refusal, receive
from sylstream_client.outbox import Outbox
from sylstream_client.passage import Passage
from sylstream_client.version import VERSION
from sylstream_client.wire import NEW_SESSION_CODES, RETRY_CODES, Message, StreamError, encode

SAMPLE_BYTES = {'s16le': 2, 'f32le': 4, 'mulaw': 1, 'alaw': 1}
FIRST_BACK_OFF_S = 0.1
LONGEST_BACK_OFF_S = 5.0
# Audio that may wait here before `write` does, in seconds.
BUFFER_S = 30.0
# Seconds between two attempts to move to another gateway.
MOVE_AGAIN_S = 0.25
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
    takeover_bytes: of audio that may be kept here so that another gateway can take the session over; 0: it is not to be.
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
        takeover_bytes: int = 8 * 2**20,
    ) -> None:
        self._url = url
        self._hello: Message = {
            't': 'hello',
            'v': 1,
            'audio': {'fmt': fmt, 'rate': rate, 'ch': channels},
            'want': {'partials': partials, 'continuation': continuation, 'takeover': takeover_bytes > 0},
            'pace': pace,
            'rate': dial,
            'max_delay_ms': max_delay_ms,
            'client': {'name': 'sylstream-python', 'version': VERSION},
        }
        self._headers = {'Authorization': f'Bearer {token}'} if token else {}
        self._give_up_s = give_up_s
        self._buffer = int(BUFFER_S * rate)
        self._outbox = Outbox(SAMPLE_BYTES[fmt] * channels)
        self._passage = Passage(takeover_bytes, SAMPLE_BYTES[fmt] * channels)
        self._leave_by: float | None = None  # until then the server waits that this session leaves for another one
        self._moving: asyncio.Task[tuple[ClientConnection, Message] | None] | None = None
        self._limit = 0  # the first sample that may not be sent yet
        self._after = -1  # the last unit that arrived
        self._flushed: str | int | None = None
        self._unanswered: set[str | int] = set()  # flushes
        self._controls = 0
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

    async def skip(self, moments: int) -> None:
        """Declares that so many moments do not exist; they count as silence."""
        self._outbox.push_gap(moments)
        async with self._moved:
            self._moved.notify_all()

    async def turn(self, dial: str | float, from_sample: int | None = None) -> None:
        """Turns the rate dial from here on, or from a sample at 16 kHz on."""
        await self._numbered({'t': 'set', 'rate': dial, **({} if from_sample is None else {'from': from_sample})})

    async def flush(self, flush_id: str | int) -> None:
        """Asks that everything so far be decided; `flushed` with this id answers."""
        self._unanswered.add(flush_id)
        await self._numbered({'t': 'flush', 'id': flush_id})

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
        `continuation` (max, seconds, temp, ...), what comes next. options: fine (the finer
        name of each unit), voice, model, keep, lookahead, credit (in samples).
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

    async def _numbered(self, message: Message) -> None:
        """A control that counts once, whichever gateway gets it."""
        self._controls += 1
        await self._control({**message, 'k': self._controls - 1})

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
                    if error.code not in RETRY_CODES or (error.code in NEW_SESSION_CODES and self._resume_token and not self._can_move):
                        return self._events.put_nowait(error)
                    reason = error
                except (OSError, TimeoutError, ConnectionClosed, InvalidHandshake) as error:
                    reason = StreamError('connection', f'no connection to {self._url}: {error}')
                    if is_refusal(error):
                        return self._events.put_nowait(reason)
                if self._resume_token != had:  # there was a session in between
                    lost_since, back_off = monotonic(), FIRST_BACK_OFF_S
                if monotonic() - lost_since > self._give_up_s:
                    return self._events.put_nowait(reason)
                wait_ms = 0 if self._can_move else reason.retry_after_ms or 0  # another gateway may have room
                await asyncio.sleep(max(back_off, wait_ms / 1000))
                back_off = min(2 * back_off, LONGEST_BACK_OFF_S)
        finally:
            async with self._moved:
                self._moved.notify_all()

    @property
    def _is_whole(self) -> bool:
        """Whether there is no seal yet and all of the session is still here: another gateway may begin it again."""
        return self._passage.offered and self._passage.seal is None and self._outbox.kept == 0

    @property
    def _can_move(self) -> bool:
        return self._passage.seal is not None or self._is_whole

    async def _session(self) -> None:
        """From a hello to `done`, wherever the session moves. Raises when its connection drops."""
        arrived: tuple[ClientConnection, Message] | None = await arrive(self._url, self._headers, self._hello_message())
        while arrived is not None:
            async with arrived[0]:
                arrived = await self._serve(*arrived)

    async def _serve(self, socket: ClientConnection, ready: Message) -> tuple[ClientConnection, Message] | None:
        """Goes on where `ready` says, until `done`, or until another gateway has the session: the way to it, and its `ready`."""
        self._begin(ready)
        sending = asyncio.create_task(self._send(socket))
        receiving = asyncio.create_task(receive(socket))
        try:
            while True:
                await asyncio.wait([task for task in (receiving, self._moving) if task], return_when=asyncio.FIRST_COMPLETED)
                if self._moving is not None and self._moving.done():
                    moving, self._moving = self._moving, None
                    if (arrived := moving.result()) is not None:
                        return arrived
                if not receiving.done():
                    continue
                if await self._handle(receiving.result(), socket):
                    return None
                receiving = asyncio.create_task(receive(socket))
        finally:
            tasks = [task for task in (sending, receiving, self._moving) if task]
            self._moving = None
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._lose_speech()

    def _begin(self, ready: Message) -> None:
        """A gateway has the session: sends again what it lacks."""
        may_ask = self._resume_token is None or not self._ended  # an `end` may have arrived before
        self._resume_token = ready['token']
        self._leave_by = None
        self._passage.begin(ready)
        self._outbox.acknowledge(ready['next'], self._passage.keep(ready['next']))
        if 'again' in ready:
            self._outbox.rewind(ready['again'], past=ready['next'], control=ready['k'])
        else:
            self._outbox.rewind(ready['next'])
        self._limit = ready['next'] + ready['credit']
        self._direct = deque([*self._requests.values(), *self._spoken.values()] if may_ask else [])
        self._events.put_nowait(ready)

    async def _move(self, until: float) -> tuple[ClientConnection, Message] | None:
        """Goes to another gateway while this one still serves; None where nobody takes the session in time."""
        while monotonic() < until:
            hello = self._hello_message()
            hello['resume'] |= {'token': '', 'only': True}
            try:
                return await arrive(self._url, self._headers, hello)
            except (StreamError, OSError, TimeoutError, ConnectionClosed, InvalidHandshake):
                await asyncio.sleep(MOVE_AGAIN_S)
        self._passage.stay()
        return None

    def _leave(self) -> None:
        """Begins to move where the server asks for it and there is a seal."""
        if self._leave_by is not None and self._moving is None and self._passage.seal is not None:
            self._moving = asyncio.create_task(self._move(self._leave_by))
            self._leave_by = None

    def _lose_speech(self) -> None:
        """What was being said went with its connection."""
        for request_id in self._spoken:
            self._events.put_nowait({'t': 'wend', 'id': request_id, 'reason': 'lost', 'n': 0})
        self._spoken.clear()

    def _hello_message(self) -> Message:
        if self._resume_token is None:
            return self._hello
        resume: Message = {'token': self._resume_token, 'after': self._after, 'only': not self._is_whole}
        if self._flushed is not None:
            resume['flush'] = self._flushed
        return {**self._hello, 'resume': resume, **self._passage.ticket()}

    async def _send(self, socket: ClientConnection) -> None:
        """Sends what the credit allows, waits for more of either."""
        while True:
            async with self._moved:
                message = self._direct.popleft() if self._direct else self._outbox.take(self._limit)
                if message is None:
                    await self._moved.wait()
                    continue
            await socket.send(encode(message))

    async def _handle(self, message: Message, socket: ClientConnection) -> bool:
        """Takes one message; True after `done`."""
        match message['t']:
            case 'ack':
                async with self._moved:
                    self._limit = message['n'] + message['credit']
                    self._passage.acknowledged(message, self._outbox.kept)
                    self._outbox.acknowledge(message['n'], self._passage.keep(message['n']))
                    self._moved.notify_all()
                self._leave()
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
                self._passage.unit(message)
            case 'p' if message['from'] <= self._after:
                return False  # begins with a unit that came before
            case 'flushed':
                if message['id'] not in self._unanswered:
                    return False  # came before the session was taken over
                self._unanswered.remove(message['id'])
                self._flushed = message['id']
            case 'goaway' if message.get('elsewhere'):
                self._leave_by = monotonic() + message['deadline_ms'] / 1000
                self._leave()
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
        return bool(message['t'] == 'done')
