import { statSync } from 'node:fs';
import { LANE_SAMPLES } from '../streams/laneLength.ts';
import { recordingSamples } from './recordingSamples.ts';

/**
 * Whether a recording is there as a whole and longer than a lane, as far as can be told: no pipe, which may be live, and no
 * short WAV file, for which further threads cost more than they give.
 */
export async function isLongFile(path: string): Promise<boolean> {
  if (path === '-' || statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false;
  const samples = await recordingSamples(path);
  return samples === undefined || samples > LANE_SAMPLES;
}
