"""What the server may not have yet, so that any of it can be sent again."""

from collections import deque
from dataclasses import dataclass

from sylstream_client.wire import Message

# Bytes of one audio message: half the limit of a message.
MAX_AUDIO_BYTES = 32 * 1024


@dataclass(frozen=True)
class _Item:
    at: int  # first sample, at the declared rate
    moments: int  # 0 for a control
    data: bytes | None = None  # none in a hole
    control: Message | None = None

    @property
    def end(self) -> int:
        return self.at + self.moments


class Outbox:
    """Audio and holes by their sample index and controls at their place in them, in order, until they need not be sent again."""

    def __init__(self, moment_bytes: int) -> None:
        self.moment_bytes = moment_bytes
        self.written = 0
        self.acknowledged = 0
        self.kept = 0  # from here on everything is still here
        self._items: deque[_Item] = deque()
        self._next = 0  # the item to send next
        self._past = 0  # what lies before it goes as `again`
        self._first_control = 0  # controls with a lower number are known

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

    def push_gap(self, moments: int) -> None:
        """Appends a hole of so many moments."""
        self._items.append(_Item(self.written, moments))
        self.written += moments

    def push_control(self, message: Message) -> None:
        """Appends a message that counts at this place in the audio."""
        self._items.append(_Item(self.written, 0, control=message))

    def take(self, limit: int) -> Message | None:
        """The next message if all its audio lies before sample `limit`, or is of the past; else None."""
        while self._next < len(self._items):
            item = self._items[self._next]
            if item.control is not None:
                self._next += 1
                if item.control.get('k', self._first_control) >= self._first_control:
                    return item.control
                continue
            again = item.at < self._past
            item = self._split(item, self._past if again else limit)
            if item.moments == 0:
                return None
            self._next += 1
            what: Message = {'len': item.moments} if item.data is None else {'d': item.data}
            return {'t': 'again' if again else 'gap' if item.data is None else 'a', 'n': item.at, **what}
        return None

    def _split(self, item: _Item, limit: int) -> _Item:
        """The next item up to `limit`; the rest of it comes behind."""
        moments = max(0, limit - item.at)
        if moments >= item.moments:
            return item
        cut = moments * self.moment_bytes
        first = _Item(item.at, moments, item.data and item.data[:cut])
        if moments:
            self._items[self._next] = first
            self._items.insert(self._next + 1, _Item(limit, item.moments - moments, item.data and item.data[cut:]))
        return first

    def acknowledge(self, n: int, keep: int | None = None) -> None:
        """Samples before `n` are the server's, and so is every control that came before the last of them; from `keep` on all is kept."""
        self.acknowledged = max(self.acknowledged, min(n, self.written))
        self.kept = max(self.kept, n if keep is None else keep)
        while self._next > 0 and self._items[0].end <= self.kept and self._items[0].at < self.kept:
            self._items.popleft()
            self._next -= 1

    def rewind(self, n: int, *, past: int = 0, control: int = 0) -> None:
        """
        Everything from sample `n` on is to be sent again; audio that is sent twice is ignored. For another gateway, what lies
        before sample `past` as `again`, and of the controls those from number `control` on.
        """
        self._past, self._first_control = past, control
        self._next = next((i for i, item in enumerate(self._items) if item.end > n or item.at >= n), len(self._items))
