import { checkNumber, whole } from '../core/check.ts';
import { chain } from '../core/chain.ts';
import type { Machine } from '../core/machine.ts';
import { createRechunker } from '../audio/rechunk.ts';
import type { PcmChunk } from '../core/types.ts';
import { SAMPLE_RATE } from '../core/time.ts';
import { orAbort } from './closing.ts';
import type { Gate } from './gate.ts';
import { PulledAudio } from './pulledAudio.ts';
import { through } from './through.ts';

/** How a recording is played to the pipeline. */
export interface PacingOptions {
  /** As if it were spoken now: a chunk comes when its last sample has been heard. Default false: as fast as it is taken. */
  readonly realtime?: boolean | undefined;
  /** Samples (16 kHz) of a chunk, a whole number from 1 to 160,000 (10 s); the last one is shorter. Default 1,600: 100 ms. */
  readonly chunkSamples?: number | undefined;
  /**
   * Holds the source back while the pipeline is behind; see `createGate()`. Default: that of `speechUnits()` where the
   * source is given to it as it is; else none, nothing waits.
   */
  readonly gate?: Gate | undefined;
}

const DEFAULT_CHUNK_SAMPLES = 1_600;
const MAX_CHUNK_SAMPLES = 160_000;
/** Without a gate a source in memory would never let a timer or a socket have its turn: it pauses once a second of audio. */
const TURN_SAMPLES = SAMPLE_RATE;

/** What a paced source reads from. */
export interface PacedSource<In> {
  /** Opens the input for one subscription; the signal tells that the subscription ended. */
  readonly open: (signal: AbortSignal) => AsyncIterable<In> | Iterable<In>;
  /** Creates the machine that makes 16 kHz mono chunks of it, once what it needs is loaded. */
  readonly read: () => Promise<Machine<In, PcmChunk>>;
}

/**
 * Plays an input that is pulled as an Observable of 16 kHz mono chunks: reads on demand, in real time or at the gate's
 * pace, one chunk at a time. Unsubscribing stops it at once; the input is closed by its own `finally` or by the signal.
 * Whoever takes the audio can hold it back: `PulledAudio`.
 *
 * @throws RangeError for a wrong `chunkSamples`
 */
export function paced<In>(source: PacedSource<In>, options: PacingOptions): PulledAudio {
  const { realtime = false, chunkSamples = DEFAULT_CHUNK_SAMPLES } = options;
  checkNumber('chunkSamples', chunkSamples, whole(1, MAX_CHUNK_SAMPLES));

  return new PulledAudio(options.gate, (subscriber, gate) => {
    const leaving = new AbortController();
    const { signal } = leaving;

    async function play(): Promise<void> {
      const started = performance.now();
      let sent = 0;
      for await (const chunk of chunksOf(source, signal, chunkSamples)) {
        if (signal.aborted) return;
        const before = sent;
        sent += chunk.samples.length;
        if (realtime) {
          await sleep(started + (1000 * sent) / SAMPLE_RATE - performance.now(), signal);
        } else if (crosses(before, sent, TURN_SAMPLES)) {
          await sleep(0, signal);
        }
        if (gate !== undefined) await orAbort(gate.ready(before), signal);
        if (signal.aborted) return;
        subscriber.next(chunk);
      }
    }

    play().then(
      () => subscriber.complete(),
      (error: unknown) => subscriber.error(error),
    );
    return () => leaving.abort();
  });
}

async function* chunksOf<In>(
  { open, read }: PacedSource<In>,
  signal: AbortSignal,
  chunkSamples: number,
): AsyncGenerator<PcmChunk> {
  yield* through(open(signal), chain(await read(), createRechunker(chunkSamples)));
}

function crosses(from: number, to: number, step: number): boolean {
  return Math.floor(from / step) !== Math.floor(to / step);
}

/** Waits, or not at all once the signal is given; the timer is cleared with it. */
async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  await orAbort(new Promise<void>((resolve) => (timer = setTimeout(resolve, ms))), signal);
  clearTimeout(timer);
}
