"""One connection to a server: how it begins, what comes, which failure is for good."""

import asyncio

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidMessage, InvalidStatus
from websockets.typing import Subprotocol

from sylstream_client.wire import SUBPROTOCOL, Message, StreamError, decode, encode

# Seconds for a connection and its `ready`.
OPEN_TIMEOUT_S = 10.0


async def arrive(url: str, headers: dict[str, str], hello: Message) -> tuple[ClientConnection, Message]:
    """A connection, and the `ready` that answers this hello."""
    socket = await connect(
        url,
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        additional_headers=headers,
        compression=None,
        open_timeout=OPEN_TIMEOUT_S,
    )
    try:
        await socket.send(encode(hello))
        ready = await asyncio.wait_for(receive(socket), OPEN_TIMEOUT_S)
        if ready['t'] != 'ready':
            raise StreamError('order', f'expected ready, got {ready["t"]}')
        return socket, ready
    except BaseException:
        await socket.close()
        raise


async def receive(socket: ClientConnection) -> Message:
    """The next message; raises StreamError for a fatal error."""
    data = await socket.recv()
    if isinstance(data, str):
        raise StreamError('malformed', 'expected a binary message, got text')
    message = decode(data)
    if message['t'] == 'error' and message['fatal']:
        raise StreamError(message['code'], message['msg'], message.get('retry_after_ms'))
    return message


def is_refusal(error: Exception) -> bool:
    """Whether a server said no to the upgrade itself; a gateway that ends, or a balancer without one, is no refusal."""
    if isinstance(error, InvalidStatus):
        return error.response.status_code < 500
    return isinstance(error, InvalidHandshake) and not isinstance(error, InvalidMessage)
