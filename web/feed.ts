import { SAMPLE_RATE } from '../src/core/time.ts';
import type { PageStream } from './pageStream.ts';
import type { Recording } from './recording.ts';

/** Samples written at a time: 100 ms. */
const STEP_SAMPLES = SAMPLE_RATE / 10;

/** Sends a recording to a session while it grows. The recording keeps the sound, so nothing is lost when a session is. */
export interface Feed {
  /** There is more to send. */
  wake(): void;
  /** The recording is whole: ends the stream behind its last sample. */
  end(): void;
}

/** How a recording is sent. */
export interface FeedOptions {
  /** Sample to begin with. */
  readonly from: number;
  /** What is still to be asked once everything is sent, before the end. */
  readonly beforeEnd: () => Promise<void>;
}

/** Creates a feed that never runs further ahead than the stream takes; failures are told by the stream's own events. */
export function createFeed(stream: PageStream, recording: Recording, options: FeedOptions): Feed {
  let at = options.from;
  let whole = false;
  let running = false;

  async function run(): Promise<void> {
    while (at < recording.samples) {
      const to = Math.min(recording.samples, at + STEP_SAMPLES);
      const samples = recording.slice(at, to);
      at = to;
      await stream.write(samples);
    }
  }

  async function pump(): Promise<void> {
    if (running) return;
    running = true;
    await run();
    if (whole) {
      await options.beforeEnd();
      await stream.end();
    }
    running = false;
  }

  const wake = (): void => void pump().catch(() => undefined);
  return {
    wake,
    end() {
      whole = true;
      wake();
    },
  };
}
