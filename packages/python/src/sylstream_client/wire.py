"""Messages of protocol version 1 as bytes, and what its error codes ask of a client (docs/protocol.md)."""

from typing import Any

import msgpack  # type: ignore[import-untyped]

SUBPROTOCOL = 'sylstream.v1.msgpack'
MAX_MESSAGE_BYTES = 64 * 1024
MAX_DEPTH = 8
MAX_KEYS = 64
MAX_ITEMS = 4096
# The highest integer that float 64 holds exactly: above 2^32 a sender may write whole numbers as floats.
MAX_WHOLE_FLOAT = 2**53

# Codes after which the same client may try the same again ("Errors"): those that want a new session, because there is
# nothing to resume, and the others, after which it resumes where it has one.
NEW_SESSION_CODES = frozenset({'session_limit', 'draining', 'encoder', 'worker', 'internal'})
RETRY_CODES = NEW_SESSION_CODES | {
    'audio_gap',
    'overrun',
    'slow_reader',
    'capacity',
    'hello_timeout',
    'idle',
    'rate_limited',
}

Message = dict[str, Any]


class StreamError(Exception):
    """A stream that cannot go on. `code` is stable; docs/protocol.md has a heading for each."""

    def __init__(self, code: str, text: str, retry_after_ms: float | None = None) -> None:
        super().__init__(f'{code}: {text}')
        self.code = code
        self.retry_after_ms = retry_after_ms


def encode(message: Message) -> bytes:
    """One message as bytes. Raises StreamError `too_big` beyond 64 KiB."""
    data: bytes = msgpack.packb(message, use_bin_type=True)
    if len(data) > MAX_MESSAGE_BYTES:
        raise StreamError('too_big', f'expected at most {MAX_MESSAGE_BYTES} bytes, got {len(data)}')
    return data


def decode(data: bytes) -> Message:
    """Bytes as one message. Raises StreamError `malformed` for anything but one map with text keys within bounds."""
    if len(data) > MAX_MESSAGE_BYTES:
        raise StreamError('malformed', f'expected at most {MAX_MESSAGE_BYTES} bytes, got {len(data)}')
    try:
        message = msgpack.unpackb(
            data,
            raw=False,
            strict_map_key=True,
            ext_hook=_refuse_extension,
            max_map_len=MAX_KEYS,
            max_array_len=MAX_ITEMS,
        )
    except (ValueError, TypeError, msgpack.exceptions.UnpackException) as error:
        raise StreamError('malformed', f'not one MessagePack map: {error}') from error
    if not isinstance(message, dict) or not isinstance(message.get('t'), str):
        raise StreamError('malformed', 'expected a map whose `t` is text')
    checked: Message = _checked(message, 1)
    return checked


def _refuse_extension(code: int, _data: bytes) -> None:
    raise ValueError(f'extension type {code}')


def _checked(value: Any, depth: int) -> Any:
    """Bounds the nesting and turns whole floats back into integers."""
    if depth > MAX_DEPTH:
        raise StreamError('malformed', f'expected at most {MAX_DEPTH} levels')
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise StreamError('malformed', 'expected text keys')
        return {key: _checked(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_checked(item, depth + 1) for item in value]
    if isinstance(value, msgpack.Timestamp):
        raise StreamError('malformed', 'expected no extension types')
    if isinstance(value, float) and value.is_integer() and abs(value) <= MAX_WHOLE_FLOAT:
        return int(value)
    return value
