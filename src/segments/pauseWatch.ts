import { PipelineError } from '../core/errors.ts';
import type { Unit } from '../core/types.ts';
import { SAMPLE_RATE, toSeconds } from '../core/time.ts';

/** A live stream that has been nothing but pauses for so long is told of before its end. */
const LONG_SAMPLES = 30 * SAMPLE_RATE;
/** A recording that is shorter may well be one pause. */
const SHORT_SAMPLES = 2 * SAMPLE_RATE;

/** Looks whether anybody speaks in a stream. */
export interface PauseWatch {
  /** Takes the next final unit. */
  unit(unit: Unit): void;
  /** Whether there is nothing left to tell: somebody spoke, or it was told. */
  readonly isOver: boolean;
  /** The end of the stream. */
  end(): void;
}

/**
 * Creates a watch that tells once, with `SYLSTREAM_ERR_AUDIO_SUSPECT`, of a stream that has given nothing but pauses: after
 * 30 s, or at its end after 2 s.
 */
export function createPauseWatch(
  onWarning: (warning: PipelineError) => void,
  isSettled = false,
): PauseWatch {
  let pausedUntil = 0;
  let isOver = isSettled;

  function tell(): void {
    isOver = true;
    onWarning(
      new PipelineError(
        'SYLSTREAM_ERR_AUDIO_SUSPECT',
        `expected speech, got ${toSeconds(pausedUntil).toFixed(1)} s of pauses and nothing else; ` +
          'check the level, the channel, and encoding and rate of raw samples',
      ),
    );
  }

  return {
    get isOver() {
      return isOver;
    },
    unit({ pause, end }) {
      if (isOver) return;
      isOver = !pause;
      pausedUntil = end;
      if (!isOver && pausedUntil >= LONG_SAMPLES) tell();
    },
    end() {
      if (!isOver && pausedUntil >= SHORT_SAMPLES) tell();
    },
  };
}
