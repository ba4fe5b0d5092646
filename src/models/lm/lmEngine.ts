import { drawUnit, logProbability } from './drawUnit.ts';
import { createHypothesisArena } from './hypothesisArena.ts';
import type { LmConfig } from '../bundle/bundle.ts';
import { cacheTensors, type CacheShape } from '../inference/cacheArena.ts';
import { failAlone, finite, type Engine } from '../inference/engine.ts';
import { createHistoryArena } from './historyArena.ts';
import type { Guarded } from '../inference/inferenceMessages.ts';
import type { LmAnswer, LmBatch, LmItem, LmOutputs, LmSetup } from './lmMessages.ts';
import { createKeptMemories } from '../inference/keptMemories.ts';
import { CHUNK_UNITS, historyBatch, lmCache } from './lmMemory.ts';
import { guardNative } from '../inference/nativeGuard.ts';
import {
  int64Tensor,
  tensor,
  type ExpectedTensors,
  type OpenModel,
  type TensorShapes,
} from '../inference/tensors.ts';

/** Tensors of `lm/step*.onnx` (docs/bundle.md). */
export function lmTensors({ vocabulary }: LmConfig, cache: CacheShape): ExpectedTensors {
  const inputs: TensorShapes = new Map<string, readonly (number | string)[]>([
    ['unit', ['B', 'c']],
    ['unit_mask', ['B', 'c']],
    ['past_age', ['B', cache.window]],
    ...cacheTensors(cache),
  ]);
  const outputs: TensorShapes = new Map<string, readonly (number | string)[]>([
    ['logits', ['B', 'c', vocabulary]],
    ['present', ['B', cache.layers, 2, 'c', cache.rowWidth]],
  ]);
  return { inputs, outputs, int64: ['unit'] };
}

/** Runs the unit language model over batches of histories or of hypotheses; draws and scores where the logits are. */
export async function createLmEngine(
  setup: LmSetup & Guarded,
  open: OpenModel,
): Promise<Engine<LmBatch, LmOutputs>> {
  const { lm, maxBatch } = setup;
  const cache = lmCache(lm);
  const loaded = await open(setup.modelPath, setup.providers, lmTensors(lm, cache), lm);
  const { session } = loaded;
  const guarded = guardNative(setup.guard);
  const histories = createHistoryArena(cache, historyBatch(maxBatch));
  const hypotheses = createHypothesisArena(cache, maxBatch);
  const memories = createKeptMemories();
  const ids = new BigInt64Array(maxBatch * CHUNK_UNITS);
  const mask = new Float32Array(maxBatch * CHUNK_UNITS);

  const arenaOf = (rows: number) => (rows === 1 ? hypotheses : histories);

  function feeds(B: number, rows: number) {
    return {
      unit: int64Tensor(ids.subarray(0, B * rows), [B, rows]),
      unit_mask: tensor(mask.subarray(0, B * rows), [B, rows]),
      ...arenaOf(rows).feeds(B),
    };
  }

  function meet({ sequence, memory, parent }: LmItem): void {
    if (memory) memories.open(sequence, memory);
    if (parent?.memory) memories.open(parent.sequence, parent.memory);
  }

  function writeUnits(order: readonly LmItem[], rows: number): void {
    order.forEach(({ units }, b) => {
      for (let i = 0; i < rows; i++) {
        ids[b * rows + i] = BigInt(units[i] ?? 0);
        mask[b * rows + i] = i < units.length ? 1 : 0;
      }
    });
  }

  async function run({ rows, items }: LmBatch): Promise<LmOutputs> {
    items.forEach(meet);
    const arena = arenaOf(rows);
    const answers: LmAnswer[] = items.map(() => ({ drawn: [], scored: [] }));
    let runMs = 0;
    let gatherMs = 0;
    const failed = await failAlone(items.length, async (places, refused) => {
      const begin = performance.now();
      const B = places.length;
      const order = arena.gather(
        places.map((place) => items[place]),
        memories,
      );
      writeUnits(order, rows);
      // Looked up now: a sequence may be forgotten while the model runs.
      const kept = order.map(({ sequence }) => memories.get(sequence)!);
      const runStart = performance.now();
      const out = await guarded(() => session.run(feeds(B, rows)));
      const runEnd = performance.now();
      const logits = splitRows(out['logits'].data as Float32Array, B);
      const present = splitRows(out['present'].data as Float32Array, B);
      order.forEach((item, b) => {
        const place = places.find((one) => items[one] === item)!;
        if (!finite(logits[b].subarray(0, item.units.length * lm.vocabulary))) {
          refused[place] = 'the language model gave logits that are not finite';
          return;
        }
        arena.keep(b, item, present[b], kept[b]);
        answers[place] = answerOf(item, splitRows(logits[b], rows));
      });
      runMs += runEnd - runStart;
      gatherMs += runStart - begin + performance.now() - runEnd;
    });
    return { answers, failed, runMs, gatherMs };
  }

  return {
    loaded,
    run,
    forget: memories.forget,
    bare: async (batch, rows) => {
      await guarded(() => session.run(feeds(batch, rows)));
    },
  };
}

/** Draws and scores what an item asks for. @param logits `[c][vocabulary]` */
function answerOf({ units, draws, targets }: LmItem, logits: readonly Float32Array[]): LmAnswer {
  return {
    drawn: draws.map((draw) => drawUnit(logits[units.length - 1], draw)),
    scored: targets.map((target, i) => logProbability(logits[i], target)),
  };
}

/** Cuts an array in equal rows. */
function splitRows(data: Float32Array, rows: number): Float32Array[] {
  const size = data.length / rows;
  return Array.from({ length: rows }, (_, row) => data.subarray(row * size, (row + 1) * size));
}
