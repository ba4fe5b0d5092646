"""The golden messages of test/vectors, the error table of docs/asyncapi.yaml, the outbox and the passage."""

import base64
import json
import unittest
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from sylstream_client.outbox import MAX_AUDIO_BYTES, Outbox
from sylstream_client.passage import Passage
from sylstream_client.wire import NEW_SESSION_CODES, RETRY_CODES, Message, StreamError, decode, encode

ROOT = Path(__file__).resolve().parents[3]
VECTORS = ROOT / 'test' / 'vectors'
SPEC = yaml.safe_load((ROOT / 'docs' / 'asyncapi.yaml').read_text(encoding='utf-8'))
BYTES_FIELDS = ('d', 'f', 'seal')


def golden(prefix: str) -> list[tuple[str, bytes, Any]]:
    """Name, bytes and JSON of every golden message of a side."""
    found = [
        (path.stem, path.read_bytes(), json.loads(path.with_suffix('.json').read_text(encoding='utf-8')))
        for path in sorted(VECTORS.glob(f'{prefix}.*.bin'))
    ]
    assert found, f'no golden messages {prefix} in {VECTORS}'
    return found


def as_message(from_json: Message) -> Message:
    """The JSON form as MessagePack has it: bytes, not base64."""
    return {key: base64.b64decode(value) if key in BYTES_FIELDS else value for key, value in from_json.items()}


def as_json(message: Message) -> Message:
    return {key: base64.b64encode(value).decode() if isinstance(value, bytes) else value for key, value in message.items()}


def whole_floats(message: Message) -> bool:
    """Whether an index needs more than 32 bits: then a sender may choose between two forms."""
    return any(isinstance(value, int) and value >= 2**32 for value in message.values())


def check_fields(side: str, message: Message) -> None:
    """Compares a message with docs/asyncapi.yaml; raises StreamError."""
    schema = SPEC['components']['messages'].get(f'{side}.{message["t"]}')
    if schema is None:
        raise StreamError('unknown_type', message['t'])
    # JSON Schema cannot tell bytes from text: whatever is not bytes must not pass as base64.
    wrong = [key for key in BYTES_FIELDS if key in message and not isinstance(message[key], bytes)]
    try:
        jsonschema.validate(as_json(message), schema['payload'])
    except jsonschema.ValidationError as error:
        raise StreamError('malformed', error.message) from error
    if wrong:
        raise StreamError('malformed', f'{wrong[0]} must be bytes')


class GoldenMessages(unittest.TestCase):
    def test_reads_and_writes_every_message(self) -> None:
        for side in ('client', 'server'):
            for name, data, from_json in golden(side):
                with self.subTest(name):
                    message = as_message(from_json)
                    self.assertEqual(decode(data), message)
                    check_fields(side, decode(data))
                    self.assertEqual(decode(encode(message)), message)
                    if not whole_floats(message):
                        self.assertEqual(encode(message), data)

    def test_refuses_what_is_to_be_refused(self) -> None:
        for name, data, expected in golden('refused'):
            with self.subTest(name), self.assertRaises(StreamError) as caught:
                check_fields('client', decode(data))
            self.assertEqual(caught.exception.code, expected['code'], name)

    def test_does_not_write_a_message_that_is_too_long(self) -> None:
        with self.assertRaises(StreamError) as caught:
            encode({'t': 'a', 'n': 0, 'd': bytes(64 * 1024)})
        self.assertEqual(caught.exception.code, 'too_big')


class ErrorTable(unittest.TestCase):
    def test_knows_after_which_codes_to_try_again(self) -> None:
        codes = SPEC['x-error-codes']
        self.assertEqual(RETRY_CODES, {code for code, entry in codes.items() if entry['retry']})
        self.assertLess(NEW_SESSION_CODES, RETRY_CODES)


class OutboxTest(unittest.TestCase):
    def test_gives_audio_by_its_index_and_no_more_than_the_credit(self) -> None:
        box = Outbox(2)
        box.push_audio(bytes(20))
        self.assertEqual(box.take(4), {'t': 'a', 'n': 0, 'd': bytes(8)})
        self.assertIsNone(box.take(4))
        self.assertEqual(box.take(100), {'t': 'a', 'n': 4, 'd': bytes(12)})
        self.assertEqual((box.written, box.held), (10, 10))

    def test_cuts_long_audio_into_messages(self) -> None:
        box = Outbox(6)
        box.push_audio(bytes(6 * 10_000))
        sizes = []
        while (message := box.take(10**9)) is not None:
            sizes.append(len(message['d']))
        self.assertEqual(sum(sizes), 60_000)
        self.assertLessEqual(max(sizes), MAX_AUDIO_BYTES)
        self.assertTrue(all(size % 6 == 0 for size in sizes))

    def test_keeps_what_is_not_acknowledged_and_sends_it_again(self) -> None:
        box = Outbox(1)
        box.push_audio(b'abc')
        box.push_control({'t': 'flush', 'id': 1})
        box.push_audio(b'def')
        box.push_control({'t': 'end'})
        sent = [box.take(10) for _ in range(4)]
        box.acknowledge(3)
        self.assertEqual(box.held, 3)
        box.rewind(3)
        again = [box.take(10) for _ in range(3)]
        self.assertEqual(again, sent[1:], 'the flush stands at sample 3, which the server may have without it')
        box.acknowledge(6)
        box.rewind(6)
        self.assertEqual(box.take(10), {'t': 'end'})
        self.assertIsNone(box.take(10))

    def test_sends_the_past_again_to_another_gateway_and_goes_on(self) -> None:
        box = Outbox(1)
        box.push_audio(b'abcd')
        box.push_control({'t': 'flush', 'id': 1, 'k': 0})
        box.push_gap(4)
        box.push_control({'t': 'set', 'rate': 5, 'k': 1})
        box.push_audio(b'efgh')
        box.push_control({'t': 'end'})
        while box.take(20) is not None:
            continue
        box.acknowledge(12, 2)
        box.rewind(2, past=6, control=1)
        expected = [
            {'t': 'again', 'n': 0, 'd': b'abcd'},
            {'t': 'again', 'n': 4, 'len': 2},
            {'t': 'gap', 'n': 6, 'len': 2},
            {'t': 'set', 'rate': 5, 'k': 1},
            {'t': 'a', 'n': 8, 'd': b'ef'},
        ]
        self.assertEqual([box.take(10) for _ in range(6)], [*expected, None])
        self.assertEqual([box.take(12) for _ in range(2)], [{'t': 'a', 'n': 10, 'd': b'gh'}, {'t': 'end'}])
        self.assertEqual((box.held, box.kept), (0, 2))

    def test_refuses_a_part_of_a_moment(self) -> None:
        with self.assertRaises(ValueError):
            Outbox(4).push_audio(bytes(6))


class PassageTest(unittest.TestCase):
    READY: Message = {'t': 'ready', 'takeover': {'bytes': 100, 'bits': ''}}
    ACK: Message = {'t': 'ack', 'n': 50, 'seal': b'seal', 'keep': 30}

    def test_keeps_what_the_newest_seal_wants_and_everything_before_the_first(self) -> None:
        passage = Passage(100, 1)
        passage.begin(self.READY)
        self.assertEqual((passage.keep(40), passage.ticket()), (0, {}))
        passage.unit({'id': 7, 's': 0, 'e': 9})
        passage.acknowledged(self.ACK, 0)
        self.assertEqual(passage.keep(50), 30)
        self.assertEqual(passage.ticket(), {'seal': b'seal', 'past': [(7, 0, 9)]})

    def test_keeps_what_a_seal_on_its_way_wants_until_it_has_arrived(self) -> None:
        passage = Passage(100, 1)
        passage.begin(self.READY)
        passage.acknowledged(self.ACK, 0)
        passage.ticket()
        passage.acknowledged({**self.ACK, 'keep': 45}, 30)
        self.assertEqual(passage.keep(50), 30)
        passage.begin(self.READY)
        self.assertEqual(passage.keep(50), 45)

    def test_keeps_nothing_where_it_would_be_too_much(self) -> None:
        passage = Passage(99, 1)
        passage.begin(self.READY)
        passage.acknowledged(self.ACK, 0)
        self.assertEqual((passage.keep(50), passage.seal), (50, None))
        passage = Passage(100, 1)
        passage.begin(self.READY)
        self.assertEqual((passage.keep(101), passage.offered), (101, False))


if __name__ == '__main__':
    unittest.main()
