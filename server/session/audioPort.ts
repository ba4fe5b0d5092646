import { SAMPLE_RATE } from '../../src/core/time.ts';
import type { Again, Audio, Gap } from '../../src/protocol/index.ts';
import type { PooledStream } from '../../src/streams/pool/pooledStream.ts';
import type { LagMeter } from '../observe/lagMeter.ts';
import type { AudioSuspicion } from './audioSuspicion.ts';
import type { Intake, Taken } from './intake.ts';
import type { SessionContext } from './sessionOptions.ts';

/** Where a session's audio comes in. */
export interface AudioPort {
  /** Takes what is new of a message; throws as `Intake` does. */
  take(message: Audio | Gap | Again): void;
}

/** Options of `createAudioPort()`. */
export interface AudioPortOptions {
  readonly intake: Intake;
  readonly suspicion: AudioSuspicion;
  readonly stream: PooledStream;
  readonly lag: LagMeter;
  /** Whether steps of the past are under way: what comes meanwhile waits for them, and says nothing of the lag. */
  readonly isReplaying: () => boolean;
  /** Samples a second. */
  readonly rate: number;
  readonly context: SessionContext;
}

/** Makes the port of a session. */
export function createAudioPort(options: AudioPortOptions): AudioPort {
  const { intake, suspicion, stream, lag, isReplaying, rate, context } = options;

  function count({ moments }: Taken): void {
    const sample = Math.floor((intake.received * SAMPLE_RATE) / rate);
    if (!isReplaying()) lag.arrived(sample, context.now());
    context.metrics.traffic.audioSeconds += moments / rate;
  }

  function give({ moments, bytes }: Taken): void {
    if (bytes) stream.audio(bytes);
    else stream.silence(moments);
  }

  return {
    take(message) {
      if (message.t === 'again') {
        const past = intake.again(message);
        if (past === undefined) return;
        context.metrics.traffic.replayedSeconds += past.moments / rate;
        return give(past);
      }
      const taken = message.t === 'a' ? intake.audio(message) : intake.gap(message);
      if (taken === undefined) return;
      count(taken);
      if (taken.bytes) suspicion.audio(taken.bytes);
      give(taken);
    },
  };
}
