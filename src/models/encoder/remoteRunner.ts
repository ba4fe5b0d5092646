import { setTimeout as pause } from 'node:timers/promises';
import { PipelineError } from '../../core/errors.ts';
import { melRowLength, rowShape } from './melRow.ts';
import { refusalOf } from './runRows.ts';
import type { StepJob, StepOutputs } from './stepJob.ts';
import type { StepRunner } from './stepRunner.ts';
import { scatterRing, type KeptMemory } from '../inference/kvRing.ts';
import type { RemoteModel } from './remoteModel.ts';
import { melRingShape, readMel } from './melRing.ts';
import {
  createTritonLink,
  newSequence,
  ServerLost,
  type SequenceReply,
  type ServerAbout,
  type TritonLink,
} from './tritonLink.ts';

/** Milliseconds that a step may take before the server is taken for dead. */
const DEADLINE_MS = 5000;
/** So long a step is tried again while no server answers. */
const PATIENCE_MS = 30_000;
/** A server that is there and refuses a stream's step, field and all, so often does not want it. */
const MAX_REFUSALS = 3;
/** Between two tries, in milliseconds. */
const AGAIN_MS = 100;

/** A stream as the server knows it. */
interface Sequence {
  readonly id: string;
  /** The token that the server expects next. */
  token: number;
  /** The server has seen a request of it. */
  isBegun: boolean;
}

/**
 * The step model behind a Triton server: keys and values of every stream lie there, here only the mel that they can be made
 * of again. Where the server died, forgot the stream or did not answer in time, the field (L·W tokens) is sent again under a
 * new correlation id: the same steps upon the same grid, so the same bits.
 *
 * @throws PipelineError `SYLSTREAM_ERR_REMOTE` where no server answers for 30 s, or it serves another bundle or precision
 */
export async function createRemoteRunner(model: RemoteModel): Promise<StepRunner> {
  const { triton, hash, precision, encoder } = model;
  const { chunkTokens, featureWidth, outputs: names } = encoder;
  const rowsOf = rowShape(encoder);
  const ring = melRingShape(encoder);
  const link = await createTritonLink({
    address: triton,
    deadlineMs: DEADLINE_MS,
    check: (about) => {
      if (about.bundle === hash && about.precision === precision) return;
      throw new PipelineError(
        'SYLSTREAM_ERR_REMOTE',
        `Triton at ${triton}: expected the bundle ${hash} at ${precision}, it serves ${about.bundle} at ${about.precision}; ` +
          'write its repository again: sylstream model triton',
      );
    },
  });
  const about = await firstAbout(link);
  const sequences = new Map<KeptMemory, Sequence>();

  /** Sends one step of a sequence. */
  async function send(sequence: Sequence, step: Omit<StepJob, 'memory'>): Promise<SequenceReply> {
    const { firstToken, knownTokens = firstToken, tokens, commit, mel } = step;
    const reply = await link.infer({
      sequence: sequence.id,
      start: !sequence.isBegun,
      mel,
      place: [firstToken, knownTokens, tokens, commit ? 1 : 0],
      outputs: names,
    });
    sequence.isBegun = true;
    if (commit) sequence.token += chunkTokens;
    return reply;
  }

  /** Makes the stream known to the server as it is before a job: its field, from the mel that is kept. */
  async function begin({
    memory,
    firstToken,
    knownTokens = firstToken,
  }: StepJob): Promise<Sequence> {
    const from = firstToken - Math.min(knownTokens, ring.windowTokens);
    const sequence = { id: newSequence(), token: from, isBegun: false };
    while (sequence.token < firstToken) {
      const token = sequence.token;
      const mel = readMel(memory.own, ring, token, rowsOf);
      const step = { firstToken: token, knownTokens: token - from, tokens: chunkTokens, mel };
      await send(sequence, { ...step, commit: true });
    }
    return sequence;
  }

  async function attempt(job: StepJob, rows: number): Promise<SequenceReply> {
    if (sequences.get(job.memory)?.token !== job.firstToken) {
      forget(job.memory);
      sequences.set(job.memory, await begin(job));
    }
    const mel = padded(job.mel, melRowLength(rowsOf, rows));
    return send(sequences.get(job.memory)!, { ...job, mel });
  }

  async function runOne(job: StepJob, rows: number): Promise<SequenceReply> {
    const until = performance.now() + PATIENCE_MS;
    for (let refusals = 0; ;) {
      try {
        return await attempt(job, rows);
      } catch (error) {
        sequences.delete(job.memory);
        const isLost = error instanceof ServerLost;
        if (!isLost && ++refusals === MAX_REFUSALS) throw error;
        if (performance.now() > until) throw error;
        if (isLost) await pause(AGAIN_MS);
      }
    }
  }

  function forget(memory: KeptMemory): void {
    const sequence = sequences.get(memory);
    if (!sequences.delete(memory)) return;
    const place = [sequence!.token, 0, 0, 0] as const;
    const mel = new Float32Array(melRowLength(rowsOf, 1));
    link
      .infer({ sequence: sequence!.id, end: true, mel, place, outputs: ['about'] })
      .catch(() => undefined); // the server forgets it by itself in time
  }

  async function run(jobs: readonly StepJob[], rows: number): Promise<StepOutputs> {
    const start = performance.now();
    const features = new Float32Array(jobs.length * rows * featureWidth);
    const heads = { boundary: head('boundary'), speech: head('speech') };
    function head(name: string): Float32Array | undefined {
      return names.some((one) => one === name) ? new Float32Array(jobs.length * rows) : undefined;
    }
    const failed = await Promise.all(
      jobs.map(async (job, b) => {
        try {
          const reply = await runOne(job, rows);
          features.set(floats(reply, 'features'), b * rows * featureWidth);
          heads.boundary?.set(floats(reply, 'boundary'), b * rows);
          heads.speech?.set(floats(reply, 'speech'), b * rows);
        } catch (error) {
          return error instanceof Error ? error.message : String(error);
        }
        const refusal = refusalOf(features, b, rows * featureWidth);
        if (refusal !== undefined) forget(job.memory);
        else if (job.commit) keep(job);
        return refusal;
      }),
    );
    return { features, ...heads, failed, runMs: performance.now() - start, gatherMs: 0 };
  }

  function keep({ memory, mel, firstToken }: StepJob): void {
    scatterRing(memory.own, mel, ring, firstToken);
    scatterRing(memory.shared, mel, ring, firstToken);
  }

  return {
    loaded: {
      provider: about.provider,
      refused: [],
      runtime: about.runtime,
      processor: about.processor,
    },
    run,
    forget,
    bare: async (batch, rows) => {
      const mel = new Float32Array(melRowLength(rowsOf, rows));
      const place = [0, 0, rows, 0] as const;
      const alone = { start: true, end: true, mel, place, outputs: names };
      await Promise.all(
        Array.from({ length: batch }, () => link.infer({ sequence: newSequence(), ...alone })),
      );
    },
  };
}

/** Who answers first; tries for as long as a step would. */
async function firstAbout(link: TritonLink): Promise<ServerAbout> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await link.connected();
    } catch (error) {
      if (error instanceof PipelineError) throw error;
      if (performance.now() > until)
        throw new PipelineError('SYLSTREAM_ERR_REMOTE', (error as Error).message, { cause: error });
      await pause(AGAIN_MS);
    }
  }
}

/** A mel with zeros behind it up to a length. */
function padded(mel: Float32Array, length: number): Float32Array {
  if (mel.length === length) return mel;
  const row = new Float32Array(length);
  row.set(mel);
  return row;
}

function floats(reply: SequenceReply, name: string): Float32Array {
  return new Float32Array(reply.get(name)!.buffer);
}
