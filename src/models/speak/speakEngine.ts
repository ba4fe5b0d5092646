import { failAlone, finite, type Engine } from '../inference/engine.ts';
import type { Guarded } from '../inference/inferenceMessages.ts';
import { guardNative } from '../inference/nativeGuard.ts';
import { int64Tensor, openModel, tensor, type ExpectedTensors } from '../inference/onnx.ts';
import type { SpeakBatch, SpeakJob, SpeakOutputs, SpeakSetup } from './speakMessages.ts';

/** Tensors of `speak/frames.onnx` (docs/bundle.md). */
export function speakTensors(seenUnits: number, frameWidth: number): ExpectedTensors {
  return {
    inputs: new Map<string, readonly (number | string)[]>([
      ['unit', [seenUnits]],
      ['length', [seenUnits]],
      ['voice', [1]],
      ['place', ['N']],
    ]),
    outputs: new Map([['frames', ['N', frameWidth]]]),
    int64: ['unit', 'voice'],
  };
}

/**
 * Makes the frames of units, one unit a call of the model: how many rows a product has may change its rounding, so a unit's frames must
 * not depend on who else speaks.
 */
export async function createSpeakEngine(
  setup: SpeakSetup & Guarded,
): Promise<Engine<SpeakBatch, SpeakOutputs>> {
  const { seenUnits, frameWidth } = setup;
  const expected = speakTensors(seenUnits, frameWidth);
  const loaded = await openModel(setup.modelPath, setup.providers, expected);
  const { session } = loaded;
  const guarded = guardNative(setup.guard);

  async function framesOf(job: SpeakJob): Promise<Float32Array> {
    const { units, lengths, voice } = job;
    const places = Float32Array.from(job.places);
    const out = await guarded(() =>
      session.run({
        unit: int64Tensor(BigInt64Array.from(units, BigInt), [seenUnits]),
        length: tensor(Float32Array.from(lengths), [seenUnits]),
        voice: int64Tensor(BigInt64Array.of(BigInt(voice)), [1]),
        place: tensor(places, [places.length]),
      }),
    );
    const frames = new Float32Array(out['frames'].data as Float32Array);
    if (!finite(frames)) throw new Error('the vocoder gave frames that are not finite');
    return frames;
  }

  async function run({ jobs }: SpeakBatch): Promise<SpeakOutputs> {
    const begin = performance.now();
    const frames: Float32Array[] = jobs.map(() => new Float32Array(0));
    const failed = await failAlone(jobs.length, async (places) => {
      for (const place of places) {
        if (frames[place].length === 0) frames[place] = await framesOf(jobs[place]);
      }
    });
    return { frames, failed, runMs: performance.now() - begin, gatherMs: 0 };
  }

  return {
    loaded,
    run,
    forget: () => {},
    bare: async (_, rows) => {
      const units = Array.from({ length: seenUnits }, () => 1);
      await framesOf({ units, lengths: units, voice: 0, places: new Float32Array(rows) });
    },
  };
}
