"""What another gateway needs to take a session over, and what has to be kept for it (docs/protocol.md, Takeover)."""

from collections import deque

from sylstream_client.wire import Message

# Units of the past that a language model reads.
PAST_UNITS = 300


class Passage:
    """The newest seal of a session, the audio that belongs to it, the last units. `max_bytes`: of that audio; 0: none is kept."""

    def __init__(self, max_bytes: int, moment_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._moment_bytes = moment_bytes
        self._units: deque[tuple[int, int, int]] = deque(maxlen=PAST_UNITS)
        self._keep = 0  # of the seal
        self._held: int | None = None  # of the seal that is on its way
        self.seal: bytes | None = None
        self.offered = False

    def begin(self, ready: Message) -> None:
        """A gateway has the session."""
        self._held = None
        self.offered = 'takeover' in ready and ready['takeover']['bytes'] <= self._max_bytes
        if not self.offered:
            self.seal = None

    def acknowledged(self, ack: Message, kept: int) -> None:
        """Takes the seal of an `ack`, if all the audio that it wants is still kept: from sample `kept` on."""
        if self.offered and ack.get('keep', -1) >= kept:
            self.seal, self._keep = ack['seal'], ack['keep']

    def keep(self, n: int) -> int:
        """The sample from which on audio has to be kept, the server having all before `n`."""
        if not self.offered:
            return n
        keep = min(n, self._keep, n if self._held is None else self._held)
        if (n - keep) * self._moment_bytes <= self._max_bytes:
            return keep
        self.seal, self.offered = None, False  # the server did not keep to what it said
        return n

    def unit(self, unit: Message) -> None:
        """A final unit arrived."""
        self._units.append((unit['id'], unit['s'], unit['e']))

    def ticket(self) -> Message:
        """What goes into a hello; until `begin` or `stay` nothing is forgotten that it needs."""
        if self.seal is None:
            return {}
        self._held = self._keep
        return {'seal': self.seal, 'past': [*self._units]}

    def stay(self) -> None:
        """Nobody took it."""
        self._held = None
