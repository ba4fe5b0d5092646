import { encodeS16le } from '../../src/audio/pcm.ts';
import { PipelineError } from '../../src/core/errors.ts';
import type { Machine } from '../../src/core/machine.ts';
import type { UnitSpeakerSession } from '../../src/models/speak/unitSpeaker.ts';
import type { SpokenUnit, UnitPiece } from '../../src/speak/unitWindow.ts';

/** What one speech needs, and whom it tells. Nothing is told after `stop()`, `onEnd` or `onError`. */
export interface SpeechOptions {
  /** Its place in the vocoder's thread; the speech closes it. */
  readonly session: UnitSpeakerSession;
  /** Puts units among their neighbours. */
  readonly window: Machine<SpokenUnit, UnitPiece>;
  /** Samples that may go at first. */
  readonly credit: number;
  /** Whether more may go now: there is room on the way to the client, and it is not ahead of its pace. */
  readonly mayGo: () => boolean;
  /** s16le from sample `n` of the speech on; `sinceUnit`: when the last unit that the first of them needed came. */
  readonly onSound: (sound: Sound) => void;
  readonly onEnd: () => void;
  readonly onError: (error: unknown) => void;
  /** Monotone milliseconds. */
  readonly now: () => number;
}

/** Some sound of a speech. */
export interface Sound {
  readonly n: number;
  readonly samples: number;
  readonly bytes: Uint8Array;
  /** When the last unit that it needed came. */
  readonly since: number;
}

/** Samples of one message: 1 s, in base64 two thirds of what a message may have. */
const MESSAGE_SAMPLES = 16_000;
/** Units that may wait to be spoken: whoever lets nothing come for so long does not listen. */
const MOST_WAITING = 1024;

/**
 * Something that is being said: units in, sound out as far as the client lets it. One unit at a time is in the vocoder's thread, and
 * what came of it, 4 s at most, waits here until it may go; nothing is made ahead of that.
 */
export class Speech {
  readonly #options: SpeechOptions;
  #units: SpokenUnit[] = [];
  #pieces: UnitPiece[] = [];
  /** Sound that may not go yet. */
  #held: Float32Array = new Float32Array(0);
  #limit: number;
  #sent = 0;
  #since: number;
  #isWhole = false;
  /** What waited for a next unit was taken, and the last sound was asked for. */
  #isFlushed = false;
  #isFinished = false;
  #isBusy = false;
  #isOver = false;

  constructor(options: SpeechOptions) {
    this.#options = options;
    this.#limit = options.credit;
    this.#since = options.now();
  }

  /** Samples that went out. */
  get sent(): number {
    return this.#sent;
  }

  /** Says another unit behind what is being said. */
  push(unit: SpokenUnit): void {
    if (this.#isOver || this.#isWhole) return;
    if (this.#units.length >= MOST_WAITING) {
      const message = `${MOST_WAITING} units wait to be spoken; say heard, or cancel`;
      return this.#fail(new PipelineError('SYLSTREAM_ERR_RATE_LIMITED', message));
    }
    this.#units.push(unit);
    this.#since = this.#options.now();
    this.pump();
  }

  /** No more units: says what is there to its end. */
  end(): void {
    this.#isWhole = true;
    this.pump();
  }

  /** Lets samples before `limit` go. */
  grant(limit: number): void {
    this.#limit = Math.max(this.#limit, limit);
    this.pump();
  }

  /** Falls silent at once. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#units = [];
    this.#options.session.close();
  }

  /** Goes on as far as it may. */
  pump(): void {
    try {
      this.#advance();
    } catch (error) {
      this.#fail(error);
    }
  }

  #advance(): void {
    const { session } = this.#options;
    while (!this.#isBusy && !this.#isOver) {
      if (!this.#flow()) return;
      const piece = this.#nextPiece();
      if (piece) this.#run(session.sound(piece));
      else if (!this.#isWhole) return;
      else if (!this.#isFinished) {
        this.#isFinished = true;
        this.#run(session.finish());
      } else {
        this.stop();
        this.#options.onEnd();
      }
    }
  }

  #nextPiece(): UnitPiece | undefined {
    const { window } = this.#options;
    while (this.#pieces.length === 0 && this.#units.length > 0)
      this.#pieces.push(...window.push(this.#units.shift()!));
    if (this.#pieces.length === 0 && this.#isWhole && !this.#isFlushed) {
      this.#isFlushed = true;
      this.#pieces.push(...window.flush());
    }
    return this.#pieces.shift();
  }

  #run(sound: Promise<Float32Array>): void {
    this.#isBusy = true;
    sound.then(
      (samples) => {
        this.#isBusy = false;
        if (this.#isOver) return;
        this.#held = samples;
        this.pump();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  /** Sends what may go; false when some of it may not. */
  #flow(): boolean {
    const { mayGo, onSound } = this.#options;
    while (this.#held.length > 0) {
      const samples = Math.min(this.#held.length, this.#limit - this.#sent, MESSAGE_SAMPLES);
      if (samples <= 0 || !mayGo()) return false;
      const n = this.#sent;
      const bytes = encodeS16le(this.#held.subarray(0, samples));
      this.#held = this.#held.subarray(samples);
      this.#sent += samples;
      onSound({ n, samples, bytes, since: this.#since });
      if (this.#isOver) return false;
    }
    return true;
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.stop();
    this.#options.onError(error);
  }
}
