"""Streams a WAV file to a sylstream server and prints its units as JSON lines, as `sylstream tokenize` does."""

import argparse
import asyncio
import json
import os
import sys
import wave
from collections.abc import Iterator
from time import monotonic

from sylstream_client import Message, StreamError, UnitStream

UNIT_RATE = 16_000  # samples a second of `s`, `e` and `at`


def chunks(source: wave.Wave_read, chunk_ms: float) -> Iterator[bytes]:
    """The samples of a 16-bit WAV file in pieces of so many milliseconds."""
    frames = max(1, round(source.getframerate() * chunk_ms / 1000))
    while data := source.readframes(frames):
        yield data


async def feed(stream: UnitStream, source: wave.Wave_read, chunk_ms: float, live: bool) -> None:
    """Writes a file to a stream, as fast as it takes it or as it is spoken, and ends it."""
    began = monotonic()
    for n, data in enumerate(chunks(source, chunk_ms), 1):
        await stream.write(data)
        if live:
            await asyncio.sleep(max(0.0, began + n * chunk_ms / 1000 - monotonic()))
    await stream.end()


def line(event: Message) -> str:
    """A unit as a JSON line with the keys of `sylstream tokenize`."""
    record = {
        'index': event['i'],
        'id': event['id'],
        **({'fine': event['fine']} if 'fine' in event else {}),
        'start': event['s'],
        'end': event['e'],
        'decided': event['at'],
        'startSeconds': event['s'] / UNIT_RATE,
        'endSeconds': event['e'] / UNIT_RATE,
        **({'confidence': round(event['c'], 4)} if 'c' in event and not event.get('pause') else {}),
    }
    record |= {name: True for name in ('pause', 'forced') if event.get(name)}
    return json.dumps(record)


def write_wav(path: str, pcm: bytes) -> None:
    """Writes mono s16le at 16 kHz."""
    with wave.open(path, 'wb') as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(UNIT_RATE)
        target.writeframes(pcm)


async def run(options: argparse.Namespace) -> None:
    with wave.open(options.file, 'rb') as source:
        if source.getsampwidth() != 2:
            raise SystemExit(f'{options.file}: expected 16-bit samples, got {8 * source.getsampwidth()}-bit ones')
        async with UnitStream(
            options.url,
            rate=source.getframerate(),
            channels=source.getnchannels(),
            pace='live' if options.live else 'file',
            dial=options.rate if options.rate == 'natural' else float(options.rate),
            partials=options.partials,
            continuation=options.continuation is not None,
            token=os.environ.get('SYLSTREAM_TOKEN'),
        ) as stream:
            if options.continuation is not None:
                await stream.ask('next', seconds=options.continuation, on='unit', temp=0)
            if options.speak is not None:
                await stream.say('own', **({} if options.voice is None else {'voice': options.voice}))
            feeding = asyncio.create_task(feed(stream, source, options.chunk_ms, options.live))
            predicted: list[int] = []
            spoken = bytearray()
            async for event in stream:
                if event['t'] == 'u':
                    print(line(event), flush=True)
                elif event['t'] == 'p':
                    print(json.dumps({'from': event['from'], 'provisional': event['us']}), flush=True)
                elif event['t'] == 'g':
                    predicted.append(event['unit'])
                elif event['t'] == 'gend':
                    print(json.dumps({'after': event['after'], 'predicted': predicted, 'reason': event['reason']}), flush=True)
                    predicted = []
                elif event['t'] == 'w':
                    spoken += event['d']
                elif event['t'] == 'wend' and event['reason'] != 'done':
                    print(f'not spoken to its end: {event["reason"]}', file=sys.stderr)
                elif event['t'] == 'error':
                    print(f'{event["code"]}: {event["msg"]}', file=sys.stderr)
                elif event['t'] == 'ready' and event['resumed']:
                    predicted = []
                    print('resumed', file=sys.stderr)
            await feeding
            if options.speak is not None:
                write_wav(options.speak, spoken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, epilog='A bearer token comes from SYLSTREAM_TOKEN.')
    parser.add_argument('file', help='16-bit WAV file, any rate and up to 6 channels')
    parser.add_argument('--url', default='ws://127.0.0.1:8990/v1/stream')
    parser.add_argument('--live', action='store_true', help='as it is spoken, not as fast as the server takes it')
    parser.add_argument('--rate', default='natural', help='the dial: "natural" or units a second')
    parser.add_argument('--partials', action='store_true', help='also print the provisional tail')
    parser.add_argument('--continuation', type=float, metavar='SECONDS', help='after every unit, also print what the language model predicts next')
    parser.add_argument('--speak', metavar='FILE', help='also write what the units say into a WAV file, where the server can speak')
    parser.add_argument('--voice', help='who speaks (default: the first of the server)')
    parser.add_argument('--chunk-ms', type=float, default=40.0, help='audio of one write (default 40)')
    try:
        asyncio.run(run(parser.parse_args()))
    except StreamError as error:
        raise SystemExit(f'{error} (docs/protocol.md#{error.code})') from error


if __name__ == '__main__':
    main()
