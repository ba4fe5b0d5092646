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
import { isControl, type Control, type MelBlock, type SpeechEvent } from '../../core/types.ts';
import { segmenterConfig } from '../segmenterConfig.ts';
import { createFront } from './front.ts';
import { createRefill, type Refill } from './refill.ts';
import { replayToken } from './replayToken.ts';
import type { ShardStreamSetup, Snapshot } from './shardMessages.ts';
import { readState, writeState } from './streamMemory.ts';

/** What waits in a stream: a step for the encoder, a control, what went wrong with the audio, the end. */
type Waiting = EncoderWork | Control | { readonly error: unknown } | { readonly end: true };

/** One stream's whole life but for the encoder's steps, which are run for many streams at once. */
export interface ShardStream {
  readonly memory: KeptMemory;
  /** Takes audio: whole moments, as bytes of the stream's format. */
  audio(bytes: Uint8Array): void;
  /** Takes so many moments of silence. */
  silence(moments: number): void;
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
  /** Asks for a snapshot: `collect` has it, as soon as a step was done or there is a state to go on from. */
  snapshot(): void;
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
  readonly snapshot: Snapshot | undefined;
  readonly over: { readonly error: unknown } | 'ended' | undefined;
}

/** What all streams of a shard share. */
export interface ShardStreamContext {
  readonly bundle: Bundle;
  readonly codebook: Codebook;
  /** Memory for writing states; one for all. */
  readonly buffer: StateBuffer;
  /** The same for thin ones. */
  readonly thinBuffer: StateBuffer;
}

/** Makes the context of a shard's streams. */
export function createShardContext(bundle: Bundle, codebook: Codebook): ShardStreamContext {
  return {
    bundle,
    codebook,
    buffer: createStateBuffer(),
    thinBuffer: createStateBuffer({ isThin: true }),
  };
}

/**
 * Makes a stream, `kept` being its keys and values; where its memory holds a state, it goes on from there, and the audio from
 * `replayPlace()` on comes again. Where it does not and there is a state from elsewhere, that of `replayPlace(replayToken())`
 * comes again, and all keys and values are made of it.
 */
export function createShardStream(
  { format, options, memory, imported }: ShardStreamSetup,
  kept: KeptMemory,
  { bundle, codebook, buffer, thinBuffer }: ShardStreamContext,
): ShardStream {
  const { encoding, channels } = format;
  const { config } = bundle;
  const shape = encoderShape(config.encoder);
  const feed = createEncoderFeed(shape, config.mel);
  const segmenter = createSegmenter({ ...options, config: segmenterConfig(config) });
  const back = chain(
    segmenter,
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
  let refill: Refill | undefined;
  let isSnapshotDue = false;

  const own = readState(memory);
  const state = own ?? imported;
  let token = 0;
  let from = 0;
  if (state) {
    const reader = createStateReader(state, { isThin: !own });
    token = reader.number();
    controls = reader.number();
    told = reader.number();
    sample = reader.number();
    feed.restore(reader);
    back.restore!(reader);
    saved = { token, controls };
    from = own ? token : replayToken(token, segmenter.firstKept, config.encoder);
    if (from < token) refill = createRefill({ from, token }, feed, shape, config.mel);
  }
  const front = createFront(format, { token: from, wave: shape.wave });

  const stepsOf = (value: MelBlock | Control): readonly Waiting[] =>
    refill && !isControl(value) ? refill.push(value) : feed.push(value);

  /** Runs part of the front; what it throws comes at its place. */
  function take(run: () => Iterable<MelBlock | Control>): void {
    if (over) return;
    try {
      for (const value of run()) waiting.push(...stepsOf(value));
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

  /** Takes what came of a step that was done again. */
  function again(work: EncoderWork, rows: EncoderRows): void {
    const block = refill!.block(work, rows);
    if (block) segmenter.refill(block);
    if (!refill!.isLast(work)) return;
    refill = undefined;
    try {
      segmenter.refilled();
    } catch (error) {
      stop({ error });
    }
  }

  /** Writes what going on needs after the last step, or where none was done, after the state that it went on from. */
  function write(to: StateBuffer, last: EncoderWork | undefined): void {
    if (last) token = last.firstToken + config.encoder.chunkTokens;
    to.clear();
    to.numbers(token, controls, told, sample);
    feed.save(to, last);
    back.save!(to);
  }

  function takeSnapshot(): Snapshot | undefined {
    if (!isSnapshotDue || over || refill || (lastStep ?? state) === undefined) return undefined;
    isSnapshotDue = false;
    write(thinBuffer, lastStep);
    const first = replayToken(token, segmenter.firstKept, config.encoder);
    return { state: thinBuffer.bytes().slice(), from: first, controls };
  }

  function stop(how: Collected['over']): void {
    over ??= how;
    waiting = [];
  }

  return {
    memory: kept,
    audio: (bytes) => take(() => front.push({ samples: decodePcm(bytes, encoding) })),
    silence: (moments) => take(() => front.push({ samples: new Float32Array(moments * channels) })),
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
      if (work.knownTokens !== undefined) {
        again(work, rows);
        return advance();
      }
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
      const collected = { before: told, events, sample: refill ? 0 : sample, saved, over };
      told += events.length;
      events = [];
      return { ...collected, snapshot: takeSnapshot() };
    },
    snapshot() {
      isSnapshotDue = true;
    },
    save() {
      if (over || lastStep === undefined) return;
      write(buffer, lastStep);
      writeState(memory, buffer);
      saved = { token, controls };
    },
    release: () => front.release?.(),
  };
}
