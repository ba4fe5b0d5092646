import { defer, type Observable } from 'rxjs';
import type { Control, PcmChunk, SpeechEvent } from '../core/types.ts';
import { createGate } from './gate.ts';
import { aheadMsFor } from './laneLength.ts';
import { PulledAudio } from './pulledAudio.ts';
import type { SpeechUnitsOptions } from './speechUnitsOptions.ts';

type Pipeline<Event> = (
  chunks$: Observable<PcmChunk | Control>,
  options: SpeechUnitsOptions,
) => Observable<Event>;

/**
 * Runs a pipeline so that a source that is read on demand is never far ahead of it; any other source runs as it is.
 *
 * @throws RangeError for a format other than the 16 kHz mono that such a source gives, and what the pipeline throws
 */
export function heldBack<Event = SpeechEvent>(
  chunks$: Observable<PcmChunk | Control>,
  options: SpeechUnitsOptions,
  run: Pipeline<Event>,
): Observable<Event> {
  if (!(chunks$ instanceof PulledAudio)) return run(chunks$, options);
  const { sampleRate = 16_000, channels = 1, lanes = 1 } = options;
  if (sampleRate !== 16_000 || channels !== 1) {
    throw new RangeError(
      'sampleRate and channels must be left out for a source that gives 16 kHz mono whatever it reads, ' +
        `got ${sampleRate} and ${channels}`,
    );
  }
  run(chunks$, options); // so that misuse throws here, not at the first subscription
  return defer(() => {
    const gate = createGate({ aheadMs: aheadMsFor(lanes) });
    const onProgress = (sample: number): void => {
      gate.processed(sample);
      options.onProgress?.(sample);
    };
    return run(chunks$.heldBy(gate), { ...options, onProgress });
  });
}
