import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { firstValueFrom, materialize, toArray } from 'rxjs';
import type { Observable } from 'rxjs';
import { onTestFinished } from 'vitest';
import { wavHeader } from '../../src/audio/wavWriter.ts';
import { encodeS16le } from '../../src/audio/pcm.ts';
import type { PcmChunk } from '../../src/core/types.ts';
import { join } from './cuts.ts';

/** All that a source gave before it completed (no error) or failed. */
export interface Played {
  readonly chunks: readonly PcmChunk[];
  readonly samples: Float32Array;
  readonly error: unknown;
}

/** Plays a source to its end, be it good or bad. */
export async function play(chunks$: Observable<PcmChunk>): Promise<Played> {
  const notifications = await firstValueFrom(chunks$.pipe(materialize(), toArray()));
  const chunks = notifications.flatMap((event) => (event.kind === 'N' ? [event.value] : []));
  const end = notifications.at(-1);
  return {
    chunks,
    samples: join(chunks.map((chunk) => chunk.samples)),
    error: end?.kind === 'E' ? end.error : undefined,
  };
}

/** A path in a folder of its own, which goes when the test ends. */
export function temporaryPath(name: string): string {
  const folder = mkdtempSync(joinPath(tmpdir(), 'sylstream-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return joinPath(folder, name);
}

/** A WAV file of 16 kHz mono s16 in memory. */
export function wavBytes(samples: Float32Array): Uint8Array {
  const data = encodeS16le(samples);
  const header = wavHeader({ sampleRate: 16_000, channels: 1 }, data.length);
  return Uint8Array.from([...header, ...data]);
}
