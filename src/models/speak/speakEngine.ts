import { createStateBuffer, createStateReader } from '../../core/savedState.ts';
import { synthesisFft } from '../../speak/fourier.ts';
import { silence } from '../../speak/frame.ts';
import { createSynthesizer } from '../../speak/synthesizer.ts';
import { failAlone, finite, type Engine } from '../inference/engine.ts';
import type { Guarded } from '../inference/inferenceMessages.ts';
import { guardNative } from '../inference/nativeGuard.ts';
import { int64Tensor, tensor, type ExpectedTensors, type OpenModel } from '../inference/tensors.ts';
import type {
  SoundState,
  SpeakBatch,
  SpeakJob,
  SpeakOutputs,
  SpeakSetup,
  Spoken,
} from './speakMessages.ts';

/** Tensors of `speak/frames.onnx` (docs/bundle.md). */
export function speakTensors(
  seenUnits: number,
  frameWidth: number,
  takesFine: boolean,
): ExpectedTensors {
  return {
    inputs: new Map<string, readonly (number | string)[]>([
      ['unit', [seenUnits]],
      ...(takesFine ? ([['fine', [seenUnits]]] as const) : []),
      ['length', [seenUnits]],
      ['voice', [1]],
      ['place', ['N']],
    ]),
    outputs: new Map([['frames', ['N', frameWidth]]]),
    int64: ['unit', 'voice', ...(takesFine ? ['fine'] : [])],
  };
}

/**
 * Makes the frames of units, one unit a call of the model: how many rows a product has may change its rounding, so a unit's frames must
 * not depend on who else speaks. Then it makes the sound of them.
 */
export async function createSpeakEngine(
  setup: SpeakSetup & Guarded,
  open: OpenModel,
): Promise<Engine<SpeakBatch, SpeakOutputs>> {
  const { seenUnits, frameWidth, sharpen, takesFine } = setup;
  const expected = speakTensors(seenUnits, frameWidth, takesFine);
  const loaded = await open(setup.modelPath, setup.providers, expected);
  await synthesisFft.load();
  const { session } = loaded;
  const guarded = guardNative(setup.guard);
  const saved = createStateBuffer();

  async function framesOf(job: SpeakJob): Promise<Float32Array> {
    const { units, fine, lengths, voice, silent = 0 } = job;
    const places = Float32Array.from(job.places);
    const frames = new Float32Array((places.length + silent) * frameWidth);
    silence(frames, places.length, places.length + silent);
    if (places.length === 0) return frames;
    const out = await guarded(() =>
      session.run({
        unit: int64Tensor(BigInt64Array.from(units, BigInt), [seenUnits]),
        ...(takesFine && { fine: int64Tensor(BigInt64Array.from(fine, BigInt), [seenUnits]) }),
        length: tensor(Float32Array.from(lengths), [seenUnits]),
        voice: int64Tensor(BigInt64Array.of(BigInt(voice)), [1]),
        place: tensor(places, [places.length]),
      }),
    );
    const made = out['frames'].data as Float32Array;
    if (!finite(made)) throw new Error('the vocoder gave frames that are not finite');
    frames.set(made);
    return frames;
  }

  function soundOf(frames: Float32Array, { state, isLast }: SoundState): Spoken {
    const synthesizer = createSynthesizer({ sharpen });
    if (state) synthesizer.restore(createStateReader(state));
    const chunks = [...synthesizer.push(frames), ...(isLast ? synthesizer.flush() : [])];
    saved.clear();
    synthesizer.save(saved);
    return { values: joined(chunks.map(({ samples }) => samples)), state: saved.bytes().slice() };
  }

  async function run({ jobs }: SpeakBatch): Promise<SpeakOutputs> {
    const begin = performance.now();
    const spoken: (Spoken | undefined)[] = jobs.map(() => undefined);
    const failed = await failAlone(jobs.length, async (places) => {
      for (const place of places) {
        if (spoken[place]) continue;
        const frames = await framesOf(jobs[place]);
        const { sound } = jobs[place];
        spoken[place] = sound ? soundOf(frames, sound) : { values: frames };
      }
    });
    return { spoken, failed, runMs: performance.now() - begin, gatherMs: 0 };
  }

  return {
    loaded,
    run,
    forget: () => {},
    bare: async (_, rows) => {
      const units = Array.from({ length: seenUnits }, () => 1);
      await framesOf({
        units,
        fine: units,
        lengths: units,
        voice: 0,
        places: new Float32Array(rows),
      });
    },
  };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0];
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
