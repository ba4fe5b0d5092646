import { checkChoice, checkNumber, whole } from '../../core/check.ts';
import type { StreamPool, StreamPoolOptions } from './poolTypes.ts';
import type { PcmFormat } from '../../audio/pcm.ts';
import { PipelineError } from '../../core/errors.ts';
import { availableCores } from '../../models/inference/cores.ts';
import { createUnitLm } from '../../models/lm/createUnitLm.ts';
import { DEFAULT_BATCH } from '../../models/inference/inferencePool.ts';
import { createRing, ringBytes } from '../../models/inference/kvRing.ts';
import { createSpares } from '../../models/inference/spares.ts';
import { instructionSet } from '../../models/inference/instructionSet.ts';
import { defaultBundle, readBundle } from '../../models/bundle/manifest.ts';
import { keptShape, remoteModel } from '../../models/encoder/remoteModel.ts';
import { PRECISIONS, stepModelPath } from '../../models/encoder/stepModel.ts';
import type { UnitLm } from '../../models/lm/unitLm.ts';
import { canSpeak } from '../../models/speak/speakConfig.ts';
import { createUnitSpeaker, type UnitSpeaker } from '../../models/speak/unitSpeaker.ts';
import { heldBack } from '../heldBack.ts';
import { checkStreamOptions } from './checkStreamOptions.ts';
import { overPool } from './overPool.ts';
import {
  createPooledStream,
  type Berth,
  type PooledStream,
  type PoolMember,
  type StreamListener,
} from './pooledStream.ts';
import { readImported } from './readImported.ts';
import { createShardLink, type ShardLink } from './shardLink.ts';
import type { ShardFigures, ShardResult, ShardStreamOptions } from './shardMessages.ts';
import { createStreamMemory, renewMemory, type StreamMemory } from './streamMemory.ts';

interface Place {
  readonly link: ShardLink;
  readonly members: Map<number, PoolMember>;
  figures: ShardFigures | undefined;
  /** Why its thread runs nothing any more. */
  givenUp: Error | undefined;
}

/** Memories that wait for the next stream: more than this are left to the garbage collector. */
const SPARE_MEMORIES = 64;

/**
 * Starts the threads that streams live in: each owns some of them from bytes to units. For servers and for many files; one
 * or a few streams need no more than `speechUnits()`.
 *
 * A thread that dies costs nothing: its streams go on from what they saved after their last step, and give the very same
 * units.
 *
 * @throws PipelineError (from the promise) as `loadModels()`; RangeError for `shards` or `maxBatch` out of range; TypeError
 *   for an unknown precision
 */
export async function createStreamPool(options: StreamPoolOptions = {}): Promise<StreamPool> {
  const { precision = 'int8', providers = ['cpu'], onThread } = options;
  checkChoice('precision', precision, PRECISIONS);
  const shards = checkNumber(
    'shards',
    options.shards ?? Math.max(1, Math.round(availableCores())),
    whole(1, 64),
  );
  const maxBatch = checkNumber('maxBatch', options.maxBatch ?? DEFAULT_BATCH, whole(1, 256));
  const onRefused =
    options.onRefused ??
    ((line: string) => console.warn(`sylstream: provider refused, trying the next: ${line}`));
  const bundle = await readBundle(options.bundle ?? defaultBundle());
  const { encoder } = bundle.config;
  const remote = remoteModel(bundle, precision, options.triton);
  const shape = keptShape(encoder, remote !== undefined);
  const modelPath = stepModelPath(bundle, precision);
  const batches: number[] = Array.from({ length: maxBatch + 1 }, () => 0);
  const times = { runMs: 0, gatherMs: 0, steps: 0 };
  const memories = new Map<number, StreamMemory>();
  const bytes = ringBytes(shape);
  const spares = createSpares(SPARE_MEMORIES * bytes, ({ ring }: StreamMemory) => ring.byteLength);
  let streams = 0;
  let closed = false;
  let provider = 'loading';
  let bits = '';

  function createPlace(): Place {
    const members = new Map<number, PoolMember>();
    const place: Place = {
      members,
      figures: undefined,
      givenUp: undefined,
      link: createShardLink({
        setup: {
          bundle,
          modelPath,
          providers,
          maxBatch,
          remote,
          isWarm: options.warm ?? false,
          isPatient: options.patient ?? false,
        },
        onThread,
        onResults: (results, figures) => {
          place.figures = figures;
          count(figures);
          for (const result of results) take(place, result);
        },
        onLost: () => {
          for (const member of members.values()) member.replay();
        },
        onGivenUp: (error) => {
          place.givenUp = error;
          for (const member of members.values()) member.fail(error);
        },
      }),
    };
    return place;
  }

  function take(place: Place, result: ShardResult): void {
    const member = place.members.get(result.stream);
    if (!result.released) return member?.take(result);
    place.members.delete(result.stream);
    const memory = memories.get(result.stream);
    memories.delete(result.stream);
    member?.left();
    if (memory) spares.giveBack(memory);
  }

  function count(figures: ShardFigures): void {
    for (const size of figures.batches) {
      batches[size]++;
      times.steps += size;
    }
    times.runMs += figures.runMs;
    times.gatherMs += figures.gatherMs;
  }

  function memory(): StreamMemory {
    const used = spares.take(bytes);
    if (!used) return createStreamMemory(createRing(shape));
    renewMemory(used);
    return used;
  }

  /** Gives a stream a thread, the one with the fewest, and a memory. */
  function enter(id: number, member: PoolMember): Berth {
    if (closed) throw closedError();
    const living = places.filter(({ givenUp }) => givenUp === undefined);
    if (living.length === 0) throw places[0].givenUp!;
    const place = living.reduce((least, one) =>
      one.members.size < least.members.size ? one : least,
    );
    const own = memory();
    memories.set(id, own);
    place.members.set(id, member);
    return { memory: own, send: place.link.send };
  }

  const places = Array.from({ length: shards }, createPlace);
  const leaveNative = (): void => places.forEach(({ link }) => link.leaveNative());
  process.on('exit', leaveNative);
  let lm: UnitLm | undefined;
  let speaker: UnitSpeaker | undefined;

  async function close(): Promise<void> {
    if (closed) return;
    closed = true;
    const reason = new PipelineError(
      'SYLSTREAM_ERR_CLOSED',
      'the pool was closed while the stream ran',
    );
    for (const { members } of places) for (const member of members.values()) member.fail(reason);
    const threads = places.map(({ link }) => link.close());
    await Promise.all([...threads, lm?.close(), speaker?.close()]);
    process.off('exit', leaveNative);
    spares.clear();
  }

  try {
    const all = await Promise.all(places.map(({ link }) => link.ready));
    provider = [...new Set(all.map((one) => one.provider))].join('+');
    bits = `${precision} ${provider} ${all[0].runtime} ${all[0].processor ?? instructionSet()}`;
    for (const line of all[0].refused) onRefused(line);
    if (bundle.lm && options.lm !== false) {
      lm = await createUnitLm(bundle, { precision, providers, onRefused });
    }
    if (options.speak && canSpeak(bundle))
      speaker = await createUnitSpeaker(bundle, { providers, onRefused });
  } catch (error) {
    await close();
    throw error;
  }

  function open(
    format: PcmFormat,
    asked: ShardStreamOptions,
    listener: StreamListener,
    from?: Uint8Array,
  ): PooledStream {
    if (closed) throw closedError();
    checkStreamOptions(bundle.config, format, asked);
    const imported = from && readImported(bundle.config, asked, from);
    const id = streams++;
    return createPooledStream({
      id,
      format,
      options: asked,
      ring: shape,
      listener,
      imported,
      enter: (member) => enter(id, member),
    });
  }

  return {
    bundle,
    bits,
    ...(lm && { lm }),
    ...(speaker && { speaker }),
    open,
    speechUnits: (chunks$, streamOptions = {}) =>
      heldBack(chunks$, streamOptions, (held$, all) => overPool(open, held$, all)),
    status: () => ({
      provider,
      precision,
      workers: shards,
      streams: places.reduce((sum, { members }) => sum + members.size, 0),
      queued: places.reduce((sum, { figures }) => sum + (figures?.queued ?? 0), 0),
      restarts: places.reduce((sum, { link }) => sum + link.restarts, 0),
      batches: [...batches],
      cpuMs: places.reduce<number | undefined>(
        (sum, { figures }) =>
          sum === undefined || figures?.cpuMs === undefined ? undefined : sum + figures.cpuMs,
        0,
      ),
      ...times,
    }),
    bare: (batch, count) => places[0].link.bare(batch, encoder.chunkTokens, count),
    close,
  };
}

function closedError(): PipelineError {
  return new PipelineError('SYLSTREAM_ERR_CLOSED', 'the pool was closed; make it again');
}
