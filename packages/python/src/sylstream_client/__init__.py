"""Live streams to a sylstream server (docs/protocol.md): `UnitStream` for asyncio, `connect` for programs without it."""

from sylstream_client.blocking import BlockingStream, connect
from sylstream_client.stream import UnitStream
from sylstream_client.wire import Message, StreamError

__all__ = ['BlockingStream', 'Message', 'StreamError', 'UnitStream', 'connect']
