import { openStream } from '../src/client/index.ts';
import { filter, firstValueFrom, lastValueFrom } from 'rxjs';
import type { Observable } from 'rxjs';
import type { ContinuationEvent, StreamEvent, UnitStream } from '../src/client/index.ts';
import type { PageStream } from './pageStream.ts';
import { STREAM_PATH } from '../src/protocol/index.ts';
import type { Rate } from '../src/core/types.ts';
import { SAMPLE_RATE } from '../src/core/time.ts';
import { CONTINUATION_SECONDS } from './continuation.ts';
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

/** Opens a stream to the server that the page came from: 16 kHz mono as float, so that it gets what the page draws. */
export function openUnitStream(options: SessionOptions): PageStream {
  const { token, onEvent, onError } = options;
  const stream = openStream(socketUrl(), {
    sampleRate: SAMPLE_RATE,
    format: 'f32le',
    pace: options.pace,
    rate: options.rate,
    partials: true,
    client: { name: 'sylstream-page', version: '1' },
    ...(token !== undefined && { ticket: () => fetchTicket(token) }),
  });
  stream.events$.subscribe({ next: onEvent, error: onError });
  return stream;
}

/** Opens a stream without audio of its own, for what is to be spoken. */
export function openVoiceStream(
  token: string | undefined,
  onError: (error: unknown) => void,
): UnitStream {
  const stream = openStream(socketUrl(), {
    client: { name: 'sylstream-page', version: '1' },
    ...(token !== undefined && { ticket: () => fetchTicket(token) }),
  });
  stream.events$.subscribe({ error: onError });
  return stream;
}

/** Asks what comes next, now or after every unit; the stream's own events tell. */
export function askNext(stream: PageStream, on: 'now' | 'unit'): Observable<ContinuationEvent> {
  return stream.continuations({ on, seconds: CONTINUATION_SECONDS, temperature: 0 }).events$;
}

/** Has everything decided that was sent, and asks what comes behind it if the model can tell. */
export async function askBehind(stream: PageStream, canTell: () => boolean): Promise<void> {
  const answers$ = stream.events$.pipe(filter(({ type }) => type === 'flushed'));
  const answered = firstValueFrom(answers$, { defaultValue: undefined });
  stream.flush();
  await answered;
  if (canTell()) await lastValueFrom(askNext(stream, 'now'), { defaultValue: undefined });
}

function socketUrl(): string {
  const url = new URL(STREAM_PATH, location.href);
  url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
