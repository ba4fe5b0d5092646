import { PipelineError } from '../../src/core/errors.ts';
import { bytesPerMoment } from '../../src/protocol/index.ts';
import type { Again, Audio, Gap, WireAudio } from '../../src/protocol/index.ts';
import { type Allowance, createAllowance } from '../limits/allowance.ts';

/** What a session may send until when. */
export interface Grant {
  /** The sample up to which it may send. */
  readonly limit: number;
  /** Samples from `next` on. */
  readonly credit: number;
}

/** New audio, or a hole of so many moments. */
export interface Taken {
  readonly moments: number;
  readonly bytes?: Uint8Array;
}

/** Options of `Intake`. */
export interface IntakeOptions {
  readonly audio: WireAudio;
  /** Audio that may wait. */
  readonly aheadMs: number;
  /** Times real time. */
  readonly pace: number;
  /** Monotone milliseconds. */
  readonly now: () => number;
  /** The past that comes again before all else: from this moment up to that. */
  readonly past: { readonly from: number; readonly until: number };
}

/** A session's audio by its index: what is new of a message, what may come. Samples are at the declared rate. */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #momentBytes: number;
  readonly #allowance: Allowance;
  #received: number;
  #processed: number;
  #isOver = false;

  constructor(options: IntakeOptions) {
    const { audio, aheadMs, pace, now, past } = options;
    this.#options = options;
    this.#momentBytes = bytesPerMoment(audio);
    this.#allowance = createAllowance({
      rate: audio.rate,
      aheadMs,
      pace,
      start: now(),
      from: past.until,
    });
    this.#received = past.from;
    this.#processed = past.until;
  }

  /** The sample after the last one that is here. */
  get received(): number {
    return this.#received;
  }

  /** The sample to send next, by `a`; what lies before it, and is not here, by `again`. */
  get next(): number {
    return Math.max(this.#received, this.#options.past.until);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** No more may come. */
  end(): void {
    this.#isOver = true;
  }

  /** All before this moment is encoded. */
  processed(moment: number): void {
    this.#processed = Math.min(this.#received, Math.max(this.#processed, moment));
  }

  grant(): Grant {
    const limit = this.#limit();
    return { limit, credit: Math.max(0, limit - this.next) };
  }

  /** Takes `a`; undefined where nothing of it is new. Throws for holes, for broken moments and for more than the credit. */
  audio({ n, d }: Audio): Taken | undefined {
    const moments = this.#momentsOf(d);
    const skip = this.#overlap(n, moments);
    if (skip === undefined) return undefined;
    return this.#take({ moments: moments - skip, bytes: d.subarray(skip * this.#momentBytes) });
  }

  gap({ n, len }: Gap): Taken | undefined {
    const skip = this.#overlap(n, len);
    return skip === undefined ? undefined : this.#take({ moments: len - skip });
  }

  /** Takes `again`: only the past, whatever the credit. */
  again({ n, d, len = 0 }: Again): Taken | undefined {
    const moments = d ? this.#momentsOf(d) : len;
    this.#mustFollow(n);
    const skip = this.#received - n;
    const end = Math.min(moments, this.#options.past.until - n);
    if (end <= skip) return undefined;
    const size = this.#momentBytes;
    return this.#take({
      moments: end - skip,
      ...(d && { bytes: d.subarray(skip * size, end * size) }),
    });
  }

  #take(taken: Taken): Taken {
    this.#received += taken.moments;
    return taken;
  }

  #limit(): number {
    return this.#allowance.limit(this.#processed, this.#options.now());
  }

  #momentsOf(bytes: Uint8Array): number {
    const { ch, fmt } = this.#options.audio;
    const size = this.#momentBytes;
    if (bytes.byteLength % size === 0) return bytes.byteLength / size;
    throw new PipelineError(
      'SYLSTREAM_ERR_AUDIO_BYTES',
      `d must hold whole moments of ${size} bytes (${ch} × ${fmt}), got ${bytes.byteLength}`,
    );
  }

  #mustFollow(n: number): void {
    if (n <= this.#received) return;
    throw new PipelineError(
      'SYLSTREAM_ERR_AUDIO_GAP',
      `expected sample ${this.#received}, got ${n}; declare what is missing with gap, or resume`,
    );
  }

  /** How many of the moments are here already; undefined when all are. */
  #overlap(n: number, length: number): number | undefined {
    this.#mustFollow(n);
    const end = n + length;
    if (end <= this.#received) return undefined;
    if (this.#isOver) throw new PipelineError('SYLSTREAM_ERR_ORDER', 'audio after end');
    const limit = this.#limit();
    if (end > limit) {
      throw new PipelineError(
        'SYLSTREAM_ERR_OVERRUN',
        `credit ends at sample ${limit}, got audio up to ${end}; wait for ack`,
      );
    }
    return this.#received - n;
  }
}
