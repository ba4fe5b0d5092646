import { join } from 'node:path';
import type { Bundle } from '../bundle/bundle.ts';
import {
  createInferencePool,
  type PoolOptions,
  type PoolSlot,
} from '../inference/inferencePool.ts';
import { createNodeThreads } from '../inference/nodeThreads.ts';
import type { InferenceStatus } from '../inference/inferenceStatus.ts';
import type { Machine } from '../../core/machine.ts';
import { createUnitWindow, type SpokenUnit, type UnitPiece } from '../../speak/unitWindow.ts';
import { readSpeakConfig, type SpeakConfig, voiceIndex } from './speakConfig.ts';
import type { SpeakBatch, SpeakJob, SpeakOutputs, SpeakSetup, Spoken } from './speakMessages.ts';

/** The vocoder of a bundle: units become sound. One for the whole process, shared by all streams. */
export interface UnitSpeaker {
  readonly config: SpeakConfig;
  /** M of the bundle. */
  readonly merged: number;
  /** Puts a stream's units among their neighbours, for `sound()`; `lookAhead` as of `speakUnits()`. */
  window(lookAhead?: boolean): Machine<SpokenUnit, UnitPiece>;
  /** What `--voice` and `voice` may be. */
  readonly voices: readonly string[];
  /**
   * A place for one stream that speaks.
   *
   * @param voice the name of one; default: the first
   * @throws PipelineError `SYLSTREAM_ERR_VOICE`, `SYLSTREAM_ERR_CLOSED`
   */
  open(voice?: string): UnitSpeakerSession;
  status(): InferenceStatus;
  close(): Promise<void>;
}

/** One stream that speaks. `sound()` and `finish()` one after the other: each needs what the one before has come to. */
export interface UnitSpeakerSession {
  /** What a piece of a unit sounds like, 16 kHz mono; its last 10 ms wait for what follows. Rejects with `SYLSTREAM_ERR_SPEAK` or `SYLSTREAM_ERR_CLOSED`. */
  sound(piece: UnitPiece): Promise<Float32Array>;
  /** What waits, fading; nothing may follow. */
  finish(): Promise<Float32Array>;
  /** The frames `[N, 67]` of a piece, without a sound. */
  frames(piece: Omit<UnitPiece, 'silent'>): Promise<Float32Array>;
  close(): void;
}

/** Options of `createUnitSpeaker()`; one thread, whatever `workers` says. */
export interface UnitSpeakerOptions extends Omit<PoolOptions, 'workers'> {
  /** Told in one line when a provider of the list was refused. */
  readonly onRefused?: ((line: string) => void) | undefined;
}

/** Values of a frame, and units that are seen at once: part of the format. */
const FRAME_WIDTH = 67;
const SEEN_UNITS = 4;
/** Units of one run: each is run by itself, and none of them is heard before all are done. */
const BATCH = 4;
/** Niceness of its thread: hearing comes before speaking. */
const NICENESS = 5;

/**
 * Starts the vocoder of a bundle in a thread of its own, less urgent than the encoder's.
 *
 * @throws PipelineError (from the promise) `SYLSTREAM_ERR_BUNDLE_MISSING` where the bundle has none, `SYLSTREAM_ERR_BUNDLE_FORMAT`,
 *   `SYLSTREAM_ERR_BUNDLE_HASH`, `SYLSTREAM_ERR_BUNDLE_SHAPE`, `SYLSTREAM_ERR_PROVIDER`
 */
export async function createUnitSpeaker(
  bundle: Bundle,
  options: UnitSpeakerOptions = {},
): Promise<UnitSpeaker> {
  const config = await readSpeakConfig(bundle);
  const { onRefused, providers = ['cpu'] } = options;
  const modelPath = join(bundle.directory, 'speak/frames.onnx');
  const pool = createInferencePool<SpeakJob, SpeakBatch, SpeakOutputs, Spoken>(
    {
      precision: 'fp16',
      failure: 'SYLSTREAM_ERR_SPEAK',
      thread: (maxBatch) => {
        const setup: SpeakSetup = {
          kind: 'speak',
          modelPath,
          providers,
          maxBatch,
          niceness: NICENESS,
          frameWidth: FRAME_WIDTH,
          seenUnits: SEEN_UNITS,
          sharpen: config.sharpen,
          takesFine: config.fine !== undefined,
        };
        return { setup, pack: (jobs) => ({ jobs }) };
      },
      key: () => 0,
      batchOf: (_, maxBatch) => Math.min(BATCH, maxBatch),
      result: ({ spoken }, b) => spoken[b]!,
    },
    { ...options, workers: 1 },
    createNodeThreads(),
  );
  try {
    for (const line of await pool.ready) onRefused?.(line);
  } catch (error) {
    await pool.close();
    throw error;
  }
  const { merged } = bundle.config.units;
  const { fine, usualTokens } = config;
  return {
    config,
    merged,
    window: (lookAhead) => createUnitWindow({ merged, fine, usualTokens, lookAhead }),
    voices: config.voices.map(({ name }) => name),
    open: (name) => {
      const voice = voiceIndex(config, name); // before a place is taken
      return openSession(pool.open(), voice);
    },
    status: pool.status,
    close: pool.close,
  };
}

function openSession(slot: PoolSlot<SpeakJob, Spoken>, voice: number): UnitSpeakerSession {
  let state: Uint8Array | undefined;

  async function speak(piece: UnitPiece, isLast: boolean): Promise<Float32Array> {
    const spoken = await slot.run({ ...piece, voice, sound: { state, isLast } });
    state = spoken.state;
    return spoken.values;
  }

  return {
    sound: (piece) => speak(piece, false),
    finish: () =>
      speak({ units: [], fine: [], lengths: [], places: new Float32Array(0), silent: 0 }, true),
    frames: async (piece) => (await slot.run({ ...piece, voice })).values,
    close: () => slot.release(),
  };
}
