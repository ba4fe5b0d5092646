import { openStream } from '../src/client/index.ts';
import { filter, firstValueFrom, lastValueFrom } from 'rxjs';
import type { StreamEvent, UnitStream } from '../src/client/index.ts';
import { STREAM_PATH } from '../src/protocol/index.ts';
import type { Rate } from '../src/types.ts';
import { SAMPLE_RATE } from '../src/units.ts';
import { EXPECTED_SECONDS } from './expectation.ts';
import { MAX_SECONDS } from './recording.ts';
import { fetchTicket } from './tickets.ts';

/** How a recording is sent. */
export interface SessionOptions {
  readonly pace: 'live' | 'file';
  readonly rate: Rate;
  /** A person's access token, where the server wants one. */
  readonly token: string | undefined;
  readonly onEvent: (event: StreamEvent) => void;
  readonly onError: (error: unknown) => void;
}

/** Samples written at a time from a file: 100 ms. */
const STEP_SAMPLES = SAMPLE_RATE / 10;

/** Opens a stream to the server that the page came from: 16 kHz mono as float, so that it gets what the page draws. */
export function openSession(options: SessionOptions): UnitStream {
  const { token, onEvent, onError } = options;
  const stream = openStream(socketUrl(), {
    sampleRate: SAMPLE_RATE,
    format: 'f32le',
    pace: options.pace,
    rate: options.rate,
    partials: true,
    bufferMs: options.pace === 'live' ? 30_000 : MAX_SECONDS * 1000,
    client: { name: 'sylstream-page', version: '1' },
    ...(token !== undefined && { ticket: () => fetchTicket(token) }),
  });
  stream.events$.subscribe({ next: onEvent, error: onError });
  return stream;
}

/** Asks what is expected next, now or after every unit; the stream's own events tell. */
export function expectNext(
  stream: UnitStream,
  on: 'now' | 'unit',
): ReturnType<UnitStream['continuations']>['events$'] {
  return stream.continuations({ on, seconds: EXPECTED_SECONDS, temperature: 0 }).events$;
}

/**
 * Sends a whole recording, as fast as the server takes it, and asks at its end what is expected next if that is wanted;
 * rejects when the stream ends before.
 */
export async function sendAll(
  stream: UnitStream,
  samples: Float32Array,
  expects: () => boolean,
): Promise<void> {
  for (let at = 0; at < samples.length; at += STEP_SAMPLES) {
    await stream.write(samples.subarray(at, at + STEP_SAMPLES));
  }
  if (expects()) {
    await flushed(stream);
    await lastValueFrom(expectNext(stream, 'now'), { defaultValue: undefined });
  }
  await stream.end();
}

/** Has everything decided that was sent. */
async function flushed(stream: UnitStream): Promise<void> {
  const answers$ = stream.events$.pipe(filter(({ type }) => type === 'flushed'));
  const answered = firstValueFrom(answers$, { defaultValue: undefined });
  stream.flush();
  await answered;
}

function socketUrl(): string {
  const url = new URL(STREAM_PATH, location.href);
  url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
