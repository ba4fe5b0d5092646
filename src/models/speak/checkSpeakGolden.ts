import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bundle } from '../bundle/bundle.ts';
import { parseSafetensors } from '../bundle/safetensors.ts';
import type { UnitSpeaker } from './unitSpeaker.ts';

/** How a vocoder's frames compare with those of `speak/golden.safetensors`. */
export interface SpeakGoldenReport {
  readonly units: number;
  readonly frames: number;
  /** Largest absolute difference of a value. */
  readonly largest: number;
}

/** Units before and after that the network sees. */
const [BEFORE, AFTER] = [2, 1];
const FRAMES_PER_TOKEN = 2;

/**
 * Has the first voice make the golden units and compares their frames with PyTorch's.
 *
 * @throws PipelineError those of the vocoder; `SYLSTREAM_ERR_BUNDLE_FORMAT` for a file that is none
 */
export async function checkSpeakGolden(
  bundle: Bundle,
  speaker: UnitSpeaker,
): Promise<SpeakGoldenReport> {
  const name = 'speak/golden.safetensors';
  const tensors = parseSafetensors(await readFile(join(bundle.directory, name)), name);
  const [ids, lengths, golden] = ['units', 'lengths', 'frames'].map(
    (key) => tensors.get(key)!.data,
  );
  const fine = tensors.get('fine')?.data ?? [];
  const at = <T>(values: ArrayLike<T>, k: number, none: T): T => values[k] ?? none;
  const session = speaker.open();
  let place = 0;
  let frames = 0;
  let largest = 0;
  try {
    for (let k = 0; k < ids.length; k++) {
      const seen = Array.from({ length: BEFORE + 1 + AFTER }, (_, j) => k - BEFORE + j);
      const made = await session.frames({
        units: seen.map((j) => at(ids, j, speaker.merged + 1)),
        fine: seen.map((j) => at(fine, j, 0)),
        lengths: seen.map((j) => at(lengths, j, 0)),
        places: Float32Array.from({ length: FRAMES_PER_TOKEN * lengths[k] }, (_, n) => n),
      });
      for (const value of made) largest = Math.max(largest, Math.abs(value - golden[place++]));
      frames += FRAMES_PER_TOKEN * lengths[k];
    }
  } finally {
    session.close();
  }
  return { units: ids.length, frames, largest };
}
