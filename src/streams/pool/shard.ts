import type { EncoderWork } from '../../models/encoder/encoderFeed.ts';
import { PipelineError } from '../../core/errors.ts';
import { createKeptMemories } from '../../models/inference/keptMemories.ts';
import { melRowTokens, rowShape } from '../../models/encoder/melRow.ts';
import { rowsOfJob } from '../../models/encoder/stepJob.ts';
import type { StepRunner } from '../../models/encoder/stepRunner.ts';
import { sent } from '../../core/sentError.ts';
import type { ShardItem, ShardResult } from './shardMessages.ts';
import { createShardStream, type ShardStream, type ShardStreamContext } from './shardStream.ts';

/** What one run of a shard was. */
export interface ShardRun {
  readonly streams: number;
  readonly runMs: number;
  readonly gatherMs: number;
}

/** Many streams in one thread, from bytes to units. */
export interface Shard {
  /** Takes what happened to streams, in order. */
  take(items: readonly ShardItem[], audio: Uint8Array): void;
  /** Streams with a step that can be run now. */
  readonly queued: number;
  /** Runs the oldest steps of as many streams as fit into one batch. */
  run(): Promise<ShardRun>;
  /** What came of the streams since the last call. */
  results(): ShardResult[];
  /** Saves the streams whose results were told. Those that are to rest leave; whether there is something to tell of that. */
  save(): boolean;
}

/** Makes an empty shard over an encoder that nobody else uses. `rows`: tokens of a chunk, and of a padded flush. */
export function createShard(
  context: ShardStreamContext,
  runner: StepRunner,
  maxBatch: number,
): Shard {
  const { chunkTokens, delayTokens, featureWidth } = context.bundle.config.encoder;
  const rowsOf = rowShape(context.bundle.config.encoder);
  const scratchRows = chunkTokens + delayTokens;
  const streams = new Map<number, ShardStream>();
  /** Streams with a step to do, the one that waits longest first. */
  const ready = new Map<number, ShardStream>();
  /** Streams that may have something to tell. */
  const touched = new Set<number>();
  const released: number[] = [];
  /** Keys and values; none is let go while a run may write to it. */
  const memories = createKeptMemories();
  const leaving: number[] = [];
  /** Streams that leave when they have nothing to do. */
  const resting = new Set<number>();
  let inRun = false;
  let toSave: ShardStream[] = [];

  function takeOne(item: ShardItem, audio: Uint8Array): void {
    const id = item.stream;
    if (item.type === 'open') {
      memories.open(id, item.setup.memory.ring);
      streams.set(id, createShardStream(item.setup, memories.get(id)!, context));
      return;
    }
    const stream = streams.get(id);
    if (item.type === 'release') {
      leaving.push(id);
      if (!inRun) dropLeaving();
      return;
    }
    if (!stream) return;
    if (item.type === 'rest') {
      resting.add(id);
      return;
    }
    switch (item.type) {
      case 'audio':
        stream.audio(audio.subarray(item.from, item.to));
        break;
      case 'silence':
        stream.silence(item.moments);
        break;
      case 'control':
        stream.control(item.control);
        break;
      case 'end':
        stream.end();
        break;
      case 'snapshot':
        stream.snapshot();
        break;
    }
    touch(id, stream);
  }

  function touch(id: number, stream: ShardStream): void {
    touched.add(id);
    if (stream.next) {
      if (!ready.has(id)) ready.set(id, stream);
    } else {
      ready.delete(id);
    }
  }

  function drop(id: number): void {
    streams.get(id)?.release();
    streams.delete(id);
    ready.delete(id);
    touched.delete(id);
    resting.delete(id);
    const memory = memories.get(id);
    if (memory) runner.forget?.(memory);
    memories.forget(id);
  }

  function dropLeaving(): void {
    for (const id of leaving.splice(0)) {
      drop(id);
      released.push(id);
    }
  }

  function dropResting(): void {
    for (const id of resting) {
      if (streams.get(id)!.next) continue;
      drop(id);
      released.push(id);
    }
  }

  const rowsFor = ({ scratch }: EncoderWork): number => (scratch ? scratchRows : chunkTokens);

  /** The longest waiting stream, and all others whose rows have its length; steps that are done again come after live ones. */
  function takeBatch(): { batch: [number, ShardStream][]; rows: number } {
    const again = [...ready].filter(([, stream]) => isAgain(stream));
    const live = again.length === 0 ? ready : [...ready].filter(([, stream]) => !isAgain(stream));
    const batch: [number, ShardStream][] = [];
    let rows = 0;
    for (const entry of [...live, ...again.slice(0, MAX_AGAIN)]) {
      rows ||= rowsFor(entry[1].next!);
      if (rowsFor(entry[1].next!) !== rows) continue;
      batch.push(entry);
      if (batch.length === maxBatch) break;
    }
    for (const [id] of batch) ready.delete(id);
    return { batch, rows };
  }

  return {
    take: (items, audio) => items.forEach((item) => takeOne(item, audio)),
    get queued() {
      return ready.size;
    },
    async run() {
      const { batch, rows } = takeBatch();
      const jobs = batch.map(([, { memory, next }]) => ({
        memory,
        mel: next!.mel,
        firstToken: next!.firstToken,
        tokens: melRowTokens(next!.mel, rowsOf),
        commit: !next!.scratch,
        knownTokens: next!.knownTokens,
      }));
      inRun = true;
      const outputs = await runner.run(jobs, rows);
      inRun = false;
      batch.forEach(([id, stream], b) => {
        const failed = outputs.failed[b];
        if (failed === undefined) stream.accept(rowsOfJob(outputs, b, rows, featureWidth));
        else stream.fail(new PipelineError('SYLSTREAM_ERR_ENCODER', failed));
        touch(id, stream);
        toSave.push(stream);
      });
      dropLeaving();
      return { streams: batch.length, runMs: outputs.runMs, gatherMs: outputs.gatherMs };
    },
    results() {
      const results: ShardResult[] = released
        .splice(0)
        .map((stream) => ({ ...NOTHING, stream, released: true }));
      for (const id of touched) {
        const stream = streams.get(id)!;
        const { over, ...told } = stream.collect();
        const end =
          over === 'ended' ? { ended: true as const } : over && { failed: sent(over.error) };
        results.push({ stream: id, ...told, ...end });
        if (over) drop(id);
      }
      touched.clear();
      return results;
    },
    save() {
      for (const stream of toSave) stream.save();
      toSave = [];
      dropResting();
      return released.length > 0;
    },
  };
}

/** Steps of streams from elsewhere in one run: so much later may a live step be that comes meanwhile. */
const MAX_AGAIN = 8;

const isAgain = ({ next }: ShardStream): boolean => next!.knownTokens !== undefined;

const NOTHING = { before: 0, events: [], sample: 0, saved: { token: 0, controls: 0 } };
