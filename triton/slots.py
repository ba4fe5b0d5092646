"""Which stream lies in which slot of the arena, and up to which token."""

from collections import OrderedDict


class Slots:
    """Streams by correlation id. Where no slot is free the stream that was used least recently loses its own.

    Triton tells nothing of a sequence that timed out, so that such a loss is the usual end of a stream whose gateway died.
    A gateway whose stream lost its slot sends the field again.
    """

    def __init__(self, count):
        self.free = list(range(count))
        self.streams = OrderedDict()  # correlation id → [slot, next token]

    def begin(self, stream, token):
        if stream not in self.streams:
            slot = self.free.pop() if self.free else self.streams.popitem(last=False)[1][0]
            self.streams[stream] = [slot, token]
        self.streams[stream][1] = token

    def find(self, stream, token):
        """The stream's slot, or None where it is not at this token."""
        found = self.streams.get(stream)
        if found is None or found[1] != token:
            return None
        self.streams.move_to_end(stream)
        return found[0]

    def advance(self, stream, tokens):
        self.streams[stream][1] += tokens

    def end(self, stream):
        found = self.streams.pop(stream, None)
        if found is not None:
            self.free.append(found[0])
