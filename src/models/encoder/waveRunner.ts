import type { WaveEncoderConfig } from '../bundle/bundle.ts';
import { scatterRing } from '../inference/kvRing.ts';
import { tensor, type OpenModel } from '../inference/tensors.ts';
import { melRingShape, readMel } from './melRing.ts';
import { melRowLength, rowShape } from './melRow.ts';
import { refusalOf, runRows } from './runRows.ts';
import type { StepJob, StepOutputs } from './stepJob.ts';
import type { StepModel, StepRunner } from './stepRunner.ts';
import { TOKEN_SAMPLES } from '../../core/time.ts';

/** What a wave runner runs. */
export interface WaveModel extends Omit<StepModel, 'encoder'> {
  readonly encoder: WaveEncoderConfig;
}

/** Tokens of all windows of one call: 20 s. It bounds the memory of the network's own activations. */
const MAX_CALL_TOKENS = 1000;

/**
 * Opens `onnx/wave.onnx`, an encoder without a cache that hears the waveform itself. A stream keeps the samples of the last W
 * tokens; a step hears them again with its c new ones and takes the rows of the c tokens that lie `delayTokens` back, a flush
 * those up to the end. At a stream's start a window is shorter: it holds what has been said and no more.
 *
 * Windows of one length go together, at most 20 s of them in a call. Rows of a call must not depend on each other (law 2).
 *
 * @param guarded makes the native calls of its runs ones that can be waited for (`nativeGuard.ts`)
 */
export async function createWaveRunner(
  model: WaveModel,
  guarded: <T>(call: () => Promise<T>) => Promise<T>,
  open: OpenModel,
): Promise<StepRunner> {
  const { encoder } = model;
  const { chunkTokens, delayTokens, windowTokens, featureWidth } = encoder;
  const loaded = await open(
    model.modelPath,
    model.providers,
    {
      inputs: new Map([['wave', ['B', 'N']]]),
      outputs: new Map([['features', ['B', 'T', featureWidth]]]),
    },
    encoder,
  );
  const { session } = loaded;
  const rowsOf = rowShape(encoder);
  const ring = melRingShape(encoder);
  const longest = windowTokens + chunkTokens;
  const atOnce = Math.max(1, Math.floor(MAX_CALL_TOKENS / longest));
  const waves = new Float32Array(atOnce * melRowLength(rowsOf, longest));

  /** Tokens before a job's own that it hears again. */
  const pastOf = ({ firstToken, knownTokens = firstToken }: StepJob): number =>
    Math.min(windowTokens, firstToken, knownTokens);
  const windowOf = (job: StepJob): number => pastOf(job) + job.tokens;

  /** Writes a job's window, `[320·tokens + 240]`. */
  function gather(job: StepJob, target: Float32Array): void {
    const { memory, mel, firstToken, tokens } = job;
    const past = pastOf(job);
    // Neighbours overlap by the 240 samples that both have.
    for (let token = firstToken - past; token < firstToken; token += chunkTokens) {
      const chunk = readMel(memory.own, ring, token, rowsOf);
      target.set(chunk, (token - firstToken + past) * TOKEN_SAMPLES);
    }
    target.set(mel.subarray(0, melRowLength(rowsOf, tokens)), past * TOKEN_SAMPLES);
  }

  function keep({ memory, mel, firstToken }: StepJob): void {
    const chunk = mel.subarray(0, melRowLength(rowsOf, chunkTokens));
    scatterRing(memory.own, chunk, ring, firstToken);
    scatterRing(memory.shared, chunk, ring, firstToken);
  }

  /** Runs jobs whose windows have one length. */
  async function attempt(jobs: readonly StepJob[], rows: number): Promise<StepOutputs> {
    const start = performance.now();
    const B = jobs.length;
    const window = windowOf(jobs[0]);
    const samples = melRowLength(rowsOf, window);
    jobs.forEach((job, b) => gather(job, waves.subarray(b * samples, (b + 1) * samples)));
    const runStart = performance.now();
    const input = tensor(waves.subarray(0, B * samples), [B, samples]);
    const out = await guarded(() => session.run({ wave: input }));
    const runEnd = performance.now();
    const all = out['features'].data as Float32Array;
    const features = new Float32Array(B * rows * featureWidth);
    jobs.forEach(({ commit, tokens }, b) => {
      // What the rows speak of: tokens first − delay on; those before the window's first are of no token.
      const wanted = commit ? tokens : tokens + delayTokens;
      const first = window - tokens - delayTokens;
      const skip = Math.max(0, -first);
      const from = (b * window + first + skip) * featureWidth;
      const kept = all.subarray(from, (b * window + first + wanted) * featureWidth);
      features.set(kept, (b * rows + skip) * featureWidth);
    });
    const failed = jobs.map((job, b) => {
      const refusal = refusalOf(features, b, rows * featureWidth);
      if (refusal === undefined && job.commit) keep(job);
      return refusal;
    });
    return {
      features,
      failed,
      runMs: runEnd - runStart,
      gatherMs: runStart - start + performance.now() - runEnd,
    };
  }

  /** Places of jobs that go together. */
  function groups(jobs: readonly StepJob[]): number[][] {
    const byLength = new Map<number, number[][]>();
    jobs.forEach((job, place) => {
      const length = windowOf(job);
      const some = byLength.get(length) ?? [];
      byLength.set(length, some);
      const last = some.at(-1);
      if (last && last.length < atOnce) last.push(place);
      else some.push([place]);
    });
    return [...byLength.values()].flat();
  }

  return {
    loaded,
    async run(jobs, rows) {
      const features = new Float32Array(jobs.length * rows * featureWidth);
      const failed: (string | undefined)[] = jobs.map(() => undefined);
      let runMs = 0;
      let gatherMs = 0;
      for (const places of groups(jobs)) {
        const outputs = await runRows(places.length, rows, encoder, (some) =>
          attempt(
            some.map((k) => jobs[places[k]]),
            rows,
          ),
        );
        places.forEach((place, b) => {
          const size = rows * featureWidth;
          features.set(outputs.features.subarray(b * size, (b + 1) * size), place * size);
          failed[place] = outputs.failed[b];
        });
        runMs += outputs.runMs;
        gatherMs += outputs.gatherMs;
      }
      return { features, failed, runMs, gatherMs };
    },
    bare: async (batch) => {
      const samples = melRowLength(rowsOf, longest);
      for (let left = batch; left > 0; left -= atOnce) {
        const B = Math.min(left, atOnce);
        const input = tensor(waves.subarray(0, B * samples), [B, samples]);
        await guarded(() => session.run({ wave: input }));
      }
    },
  };
}
