"""What the server may not have yet, so that any of it can be sent again."""

from collections import deque
from dataclasses import dataclass

from wire import Message

# Bytes of one audio message: half the limit of a message.
MAX_AUDIO_BYTES = 32 * 1024


@dataclass(frozen=True)
class _Item:
    at: int  # first sample, at the declared rate
    moments: int  # 0 for a control
    data: bytes = b''
    control: Message | None = None

    @property
    def end(self) -> int:
        return self.at + self.moments


class Outbox:
    """Audio by its sample index and controls at their place in it, in order, until the server has acknowledged them."""

    def __init__(self, moment_bytes: int) -> None:
        self.moment_bytes = moment_bytes
        self.written = 0
        self.acknowledged = 0
        self._items: deque[_Item] = deque()
        self._next = 0  # the item to send next

    @property
    def held(self) -> int:
        """Samples that are not acknowledged."""
        return self.written - self.acknowledged

    def push_audio(self, data: bytes) -> None:
        """Appends whole moments (one sample of every channel); raises ValueError for a part of one."""
        if len(data) % self.moment_bytes:
            raise ValueError(f'audio must be whole moments of {self.moment_bytes} bytes, got {len(data)} bytes')
        step = MAX_AUDIO_BYTES // self.moment_bytes * self.moment_bytes
        for start in range(0, len(data), step):
            piece = data[start : start + step]
            moments = len(piece) // self.moment_bytes
            self._items.append(_Item(self.written, moments, piece))
            self.written += moments

    def push_control(self, message: Message) -> None:
        """Appends a message that counts at this place in the audio."""
        self._items.append(_Item(self.written, 0, control=message))

    def take(self, limit: int) -> Message | None:
        """The next message if all its audio lies before sample `limit`, else None."""
        if self._next >= len(self._items):
            return None
        item = self._items[self._next]
        if item.control is None and item.end > limit:
            item = self._split(item, limit)
            if item.moments == 0:
                return None
        self._next += 1
        if item.control is not None:
            return item.control
        return {'t': 'a', 'n': item.at, 'd': item.data}

    def _split(self, item: _Item, limit: int) -> _Item:
        """Cuts the next item at `limit`, so that credit for a part of it is used."""
        moments = max(0, limit - item.at)
        if moments:
            cut = moments * self.moment_bytes
            self._items[self._next] = _Item(item.at, moments, item.data[:cut])
            self._items.insert(self._next + 1, _Item(limit, item.moments - moments, item.data[cut:]))
            return self._items[self._next]
        return _Item(item.at, 0)

    def acknowledge(self, n: int) -> None:
        """Samples before `n` are the server's, and so is every control that came before the last of them."""
        self.acknowledged = max(self.acknowledged, min(n, self.written))
        while self._next > 0 and self._items[0].end <= n and self._items[0].at < n:
            self._items.popleft()
            self._next -= 1

    def rewind(self, n: int) -> None:
        """Everything from sample `n` on is to be sent again; audio that is sent twice is ignored."""
        self._next = next((i for i, item in enumerate(self._items) if item.end > n or item.at >= n), len(self._items))
