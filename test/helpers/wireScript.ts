import { lastValueFrom } from 'rxjs';
import { openStream } from '../../src/client/index.ts';
import type { StreamEvent, StreamOptions } from '../../src/client/index.ts';
import { createPcmDecoder } from '../../src/audio/pcm.ts';
import type { Models } from '../../src/models/loadModels.ts';
import type { Control, PcmChunk, Rate, SpeechEvent } from '../../src/core/types.ts';
import { eventsOf } from './pipeline.ts';
import { logUniform } from './random.ts';

/** A flush, or a turn of the dial: at once, or from a sample at 16 kHz on. */
export interface ScriptControl {
  readonly at: number;
  readonly act: 'flush' | Rate;
  readonly from?: number;
}

/** A stream to send: bytes in a format, and controls at their places in it. */
export interface Script {
  readonly bytes: Uint8Array;
  readonly momentBytes: number;
  readonly options: StreamOptions;
  /** By place, in samples of one channel. */
  readonly controls: readonly ScriptControl[];
}

/** The final events of a script run in this process, the audio in one piece between two controls. */
export async function localEvents(script: Script, models: Models): Promise<SpeechEvent[]> {
  const { bytes, momentBytes, options, controls } = script;
  const decoder = createPcmDecoder(options.format ?? 's16le');
  const items: (PcmChunk | Control)[] = [];
  let at = 0;
  let flushes = 0;
  for (const control of [
    ...controls,
    { at: bytes.length / momentBytes },
  ] as Partial<ScriptControl>[]) {
    items.push(...decoder.push(bytes.subarray(at * momentBytes, control.at! * momentBytes)));
    at = control.at!;
    if (control.act === 'flush') items.push({ control: 'flush', id: `f${flushes++}` });
    else if (control.act !== undefined) {
      items.push({
        control: 'rate',
        rate: control.act,
        ...(control.from !== undefined && { fromSample: control.from }),
      });
    }
  }
  return finals(
    await eventsOf(items, models, {
      sampleRate: options.sampleRate,
      channels: options.channels,
      rate: options.rate,
      features: options.features,
    }),
  );
}

/** The events of a script sent to a server in messages of random sizes, 1 sample to `longest`; with `continuation`, continuations go on beside it. */
export async function remoteEvents(
  script: Script,
  url: string,
  options: StreamOptions,
  {
    random,
    longest,
    paceMs = 0,
  }: {
    readonly random: () => number;
    readonly longest: number;
    /** A live source: milliseconds between two messages. */
    readonly paceMs?: number;
  },
): Promise<StreamEvent[]> {
  const { bytes, momentBytes, controls } = script;
  const stream = openStream(url, { ...script.options, ...options });
  const events: StreamEvent[] = [];
  stream.events$.subscribe({ next: (event) => events.push(event), error: () => undefined });
  if (script.options.continuation === true) {
    stream.continuations({ on: 'unit', n: 2 }).events$.subscribe({ error: () => undefined });
  }
  let at = 0;
  for (const control of [
    ...controls,
    { at: bytes.length / momentBytes },
  ] as Partial<ScriptControl>[]) {
    const { at: end = 0, act, from } = control;
    while (at < end) {
      const next = Math.min(end, at + logUniform(random, 1, longest));
      await stream.write(bytes.subarray(at * momentBytes, next * momentBytes));
      at = next;
      if (paceMs > 0) await new Promise((done) => setTimeout(done, paceMs));
    }
    if (act === 'flush') stream.flush();
    else if (act !== undefined) stream.setRate(act, from);
  }
  if (script.options.continuation === true) {
    await lastValueFrom(stream.continuations({ units: 3 }).events$);
  }
  await stream.end();
  return events;
}

/** Units and answers to flushes, without what depends on time. */
export function finals(events: readonly (SpeechEvent | StreamEvent)[]): SpeechEvent[] {
  return events.filter((event) => event.type === 'unit' || event.type === 'flushed');
}
