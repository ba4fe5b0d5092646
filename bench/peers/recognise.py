"""PocketSphinx (package `pocketsphinx`, its own US English model) as a live recogniser: s16le of 16 kHz on stdin, in chunks of 20 ms.

Prints CPU milliseconds a second of speech and the milliseconds that each chunk took, as JSON.
"""

import json
import sys
import time

import pocketsphinx

CHUNK_BYTES = 640
decoder = pocketsphinx.Decoder(loglevel='FATAL', samprate=16000)
audio = sys.stdin.buffer.read()
times = []
began = time.process_time()
decoder.start_utt()
for at in range(0, len(audio), CHUNK_BYTES):
    start = time.perf_counter()
    decoder.process_raw(audio[at : at + CHUNK_BYTES], False, False)
    decoder.hyp()
    times.append(1000 * (time.perf_counter() - start))
decoder.end_utt()
print(json.dumps({'cpuMs': 1000 * (time.process_time() - began) / (len(audio) / 32000), 'times': times}))
