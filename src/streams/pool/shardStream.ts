import { decodePcm } from '../../audio/pcm.ts';
import { chain } from '../../core/chain.ts';
import { createQuantizer } from '../../segments/quantizer.ts';
import { createStateBuffer, createStateReader, type StateBuffer } from '../../core/savedState.ts';
import { createSegmenter } from '../../segments/segmenter.ts';
import type { Bundle } from '../../models/bundle/bundle.ts';
import type { Codebook } from '../../models/codebook/codebook.ts';
import type { EncoderRows } from '../../models/encoder/encoder.ts';
import { encoderShape } from '../../models/encoder/melRow.ts';
import { createEncoderFeed, type EncoderWork } from '../../models/encoder/encoderFeed.ts';
import type { KeptMemory } from '../../models/inference/kvRing.ts';
import { type Control, type MelBlock, type SpeechEvent } from '../../core/types.ts';
import { segmenterConfig } from '../segmenterConfig.ts';
import { createFront } from './front.ts';
import type { ShardStreamSetup } from './shardMessages.ts';
import { readState, writeState } from './streamMemory.ts';

/** What waits in a stream: a step for the encoder, a control, what went wrong with the audio, the end. */
type Waiting = EncoderWork | Control | { readonly error: unknown } | { readonly end: true };

/** One stream's whole life but for the encoder's steps, which are run for many streams at once. */
export interface ShardStream {
  readonly memory: KeptMemory;
  /** Takes audio: whole moments, as bytes of the stream's format. */
  audio(bytes: Uint8Array): void;
  /** Takes so many moments of silence. */
  silence(frames: number): void;
  control(control: Control): void;
  end(): void;
  /** The step that the encoder has to do next, if there is one. */
  readonly next: EncoderWork | undefined;
  /** Takes the rows of `next`, and goes on to the step after it. */
  accept(rows: EncoderRows): void;
  /** The encoder could not do `next`. */
  fail(error: Error): void;
  /** What came of it since the last call. */
  collect(): Collected;
  /** Writes the state into the stream's memory. */
  save(): void;
  /** Gives back what the garbage collector cannot see. */
  release(): void;
}

/** What a stream has to tell. */
export interface Collected {
  readonly before: number;
  readonly events: readonly SpeechEvent[];
  readonly sample: number;
  readonly saved: { readonly token: number; readonly controls: number };
  readonly over: { readonly error: unknown } | 'ended' | undefined;
}

/** What all streams of a shard share. */
export interface ShardStreamContext {
  readonly bundle: Bundle;
  readonly codebook: Codebook;
  /** Memory for writing states; one for all. */
  readonly buffer: StateBuffer;
}

/** Makes the context of a shard's streams. */
export function createShardContext(bundle: Bundle, codebook: Codebook): ShardStreamContext {
  return { bundle, codebook, buffer: createStateBuffer() };
}

/** Makes a stream, `kept` being its keys and values; where its memory holds a state, it goes on from there, and the audio from `replayPlace()` on comes again. */
export function createShardStream(
  { format, options, memory }: ShardStreamSetup,
  kept: KeptMemory,
  { bundle, codebook, buffer }: ShardStreamContext,
): ShardStream {
  const { encoding, channels } = format;
  const { config } = bundle;
  const feed = createEncoderFeed(encoderShape(config.encoder), config.mel);
  const back = chain(
    createSegmenter({ ...options, config: segmenterConfig(config) }),
    createQuantizer({ ...options, assign: (vector) => codebook.assign(vector) }),
  );
  let events: SpeechEvent[] = [];
  let told = 0;
  let controls = 0;
  let sample = 0;
  let lastStep: EncoderWork | undefined;
  let saved = { token: 0, controls: 0 };
  let over: Collected['over'];
  let waiting: Waiting[] = [];

  const state = readState(memory);
  let token = 0;
  if (state) {
    const reader = createStateReader(state);
    token = reader.number();
    controls = reader.number();
    told = reader.number();
    sample = reader.number();
    feed.restore(reader);
    back.restore!(reader);
    saved = { token, controls };
  }
  const front = createFront(format, token);

  /** Runs part of the front; what it throws comes at its place. */
  function take(run: () => Iterable<MelBlock | Control>): void {
    if (over) return;
    try {
      for (const block of run()) waiting.push(...feed.push(block));
    } catch (error) {
      waiting.push({ error });
    }
    advance();
  }

  /** Obeys what stands before the next step. */
  function advance(): void {
    while (waiting.length > 0 && !over) {
      const [first] = waiting;
      if ('mel' in first) return;
      waiting.shift();
      if ('error' in first) return stop({ error: first.error });
      if ('end' in first) {
        emit(() => back.flush());
        return stop('ended');
      }
      emit(() => back.push(first));
      controls++;
    }
  }

  function emit(run: () => Iterable<SpeechEvent>): void {
    try {
      for (const event of run()) events.push(event);
    } catch (error) {
      stop({ error });
    }
  }

  function stop(how: Collected['over']): void {
    over ??= how;
    waiting = [];
  }

  return {
    memory: kept,
    audio: (bytes) => take(() => front.push({ samples: decodePcm(bytes, encoding) })),
    silence: (frames) => take(() => front.push({ samples: new Float32Array(frames * channels) })),
    control: (control) => take(() => front.push(control)),
    end() {
      take(() => front.flush());
      if (over) return;
      waiting.push(...feed.flush(), { end: true });
      advance();
    },
    get next() {
      const [first] = waiting;
      return first && 'mel' in first ? first : undefined;
    },
    accept(rows) {
      const work = waiting.shift() as EncoderWork;
      const block = feed.block(work, rows);
      if (!work.scratch) {
        lastStep = work;
        sample = feed.encodedSample(work);
      }
      if (block) emit(() => back.push(block));
      advance();
    },
    fail: (error) => stop({ error }),
    collect() {
      const collected = { before: told, events, sample, saved, over };
      told += events.length;
      events = [];
      return collected;
    },
    save() {
      if (over || lastStep === undefined) return;
      token = lastStep.firstToken + config.encoder.chunkTokens;
      buffer.clear();
      buffer.numbers(token, controls, told, sample);
      feed.save(buffer, lastStep);
      back.save!(buffer);
      writeState(memory, buffer);
      saved = { token, controls };
    },
    release: () => front.release?.(),
  };
}
