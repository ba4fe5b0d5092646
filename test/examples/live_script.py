"""Streams a script live: {"url", "rate", "pcm" (a file of s16le), "acts": [[sample, "flush" | "skip" | dial, ...]]}; prints what comes."""

import asyncio
import json
import sys
from pathlib import Path
from time import monotonic

from sylstream_client import UnitStream

MOMENT_BYTES = 2
CHUNK_S = 0.04


async def feed(stream: UnitStream, rate: int, pcm: bytes, acts: list[list]) -> None:
    began, at, flushes = monotonic(), 0, 0
    for end, *act in [*acts, [len(pcm) // MOMENT_BYTES]]:
        while at < end:
            n = min(end - at, round(rate * CHUNK_S))
            await stream.write(pcm[at * MOMENT_BYTES : (at + n) * MOMENT_BYTES])
            at += n
            await asyncio.sleep(max(0.0, began + at / rate - monotonic()))
        match act:
            case ['flush']:
                await stream.flush(f'f{flushes}')
                flushes += 1
            case ['skip', moments]:
                await stream.skip(moments)
                at += moments
            case [dial]:
                await stream.turn(dial)
    await stream.end()


async def main() -> None:
    script = json.loads(sys.argv[1])
    pcm = Path(script['pcm']).read_bytes()
    async with UnitStream(script['url'], rate=script['rate']) as stream:
        feeding = asyncio.create_task(feed(stream, script['rate'], pcm, script['acts']))
        async for event in stream:
            if event['t'] in ('ready', 'u', 'flushed', 'done'):
                print(json.dumps(event), flush=True)
        await feeding


asyncio.run(main())
