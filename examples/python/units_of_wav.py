"""Prints the units of a 16-bit WAV file, without asyncio: python units_of_wav.py FILE [URL]"""

import sys
import wave

from sylstream_client import connect

URL = 'ws://127.0.0.1:8990/v1/stream'


def main(path: str, url: str = URL) -> None:
    with wave.open(path, 'rb') as source:
        rate, channels = source.getframerate(), source.getnchannels()
        with connect(url, rate=rate, channels=channels, pace='file') as stream:
            while data := source.readframes(rate // 10):
                stream.write(data)
            stream.end()
            for event in stream:
                if event['t'] == 'u':
                    print(event['id'], event['s'] / 16_000, event['e'] / 16_000)


if __name__ == '__main__':
    main(*sys.argv[1:])
