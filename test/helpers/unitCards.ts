import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bundle } from '../../src/models/bundle/bundle.ts';
import { readBundle } from '../../src/models/bundle/manifest.ts';
import { TINY } from './bundles.ts';

/** units.json of a bundle. */
export interface UnitsFile {
  rate: string;
  segments: number;
  syllables: { phones: string; spelled?: string }[];
  units: { share: number; says: [number, number][]; near: number[] }[];
  fine: [number, number][][];
}

/** A file that fits the bundle: unit 1 says `his`, its second centroid `hiz` as nobody spells it. */
function fitting(merged: number, centroids: number): UnitsFile {
  return {
    rate: 'natural',
    segments: 80,
    syllables: [{ phones: 'HH IH Z', spelled: 'his' }, { phones: 'HH IY Z' }],
    units: Array.from({ length: merged }, (_, i) => ({
      share: i === 0 ? 1 : 0,
      says: i === 0 ? [[0, 0.75] as [number, number], [1, 0.25] as [number, number]] : [],
      near: i === 0 ? [2] : [1],
    })),
    fine: Array.from({ length: centroids }, (_, k) => (k === 1 ? [[1, 1]] : [])),
  };
}

/** A copy of the tiny bundle with this units.json. */
export async function bundleWithCards(
  change: (file: UnitsFile) => unknown = (file) => file,
): Promise<Bundle> {
  const folder = join(mkdtempSync(join(tmpdir(), 'sylstream-')), 'bundle');
  cpSync(TINY, folder, { recursive: true });
  const { merged, centroids } = (await readBundle(folder)).config.units;
  const text = JSON.stringify(change(fitting(merged, centroids)));
  writeFileSync(join(folder, 'units.json'), text);
  const path = join(folder, 'manifest.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as { files: Record<string, unknown> };
  manifest.files['units.json'] = {
    bytes: Buffer.byteLength(text),
    sha256: createHash('sha256').update(text).digest('hex'),
  };
  writeFileSync(path, JSON.stringify(manifest));
  return readBundle(folder);
}
