import * as grpc from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import type { Bundle } from '../../src/models/bundle/bundle.ts';
import { cachedEncoder } from '../../src/models/encoder/remoteModel.ts';
import { melRowTokens, rowShape } from '../../src/models/encoder/melRow.ts';
import { ringShape } from '../../src/models/encoder/stepJob.ts';
import { createStepRunner } from '../../src/models/encoder/stepRunner.ts';
import { stepModelPath } from '../../src/models/encoder/stepModel.ts';
import { createRing } from '../../src/models/inference/kvRing.ts';
import { openModel } from '../../src/models/inference/onnx.ts';
import { instructionSet } from '../../src/models/inference/instructionSet.ts';
import {
  OPEN_INFERENCE,
  type InferRequest,
  type StreamReply,
} from '../../src/models/encoder/openInference.ts';

/** A server of the Open Inference Protocol in this process, over a real step model: for faults that a Triton cannot be told to make. */
export interface InferenceServer {
  /** `HOST:PORT`. */
  readonly address: string;
  /** Steps that it ran. */
  readonly steps: number;
  /** Forgets every stream, as a server that was started again. */
  forget(): void;
  /** Cuts every connection and forgets every stream. */
  cut(): void;
  /** Answers nothing more until it is cut. */
  hang(): void;
  close(): void;
}

interface Kept {
  readonly memory: { readonly shared: Float32Array; readonly own: Float32Array };
  token: number;
}

type Call = grpc.ServerDuplexStream<InferRequest, StreamReply>;

/** Starts one on a free loopback port; `hash`: the bundle that it says it serves, by default its own. */
export async function startInferenceServer(
  bundle: Bundle,
  hash: string = bundle.hash,
): Promise<InferenceServer> {
  const encoder = cachedEncoder(bundle.config.encoder, 'for a server');
  const maxRows = encoder.chunkTokens + encoder.delayTokens;
  const modelPath = stepModelPath(bundle, 'int8');
  const runner = await createStepRunner(
    { modelPath, providers: ['cpu'], encoder, maxBatch: 1, maxRows },
    (call) => call(),
    openModel,
  );
  const { runtime } = runner.loaded;
  const about = { bundle: hash, precision: 'int8', provider: 'cpu', runtime, processor: instructionSet() }; // prettier-ignore
  const streams = new Map<string, Kept>();
  const calls = new Set<Call>();
  let steps = 0;
  let hangs = false;
  let last: Promise<unknown> = Promise.resolve();

  async function answer(request: InferRequest): Promise<Buffer[] | string> {
    if (request.outputs[0].name === 'about') return [textTensor(JSON.stringify(about))];
    const parameters = request.parameters as Record<string, Record<string, unknown>>;
    const id = String(parameters['sequence_id']['int64Param']);
    const [melBytes, placeBytes] = request.rawInputContents;
    const mel = new Float32Array(Uint8Array.from(melBytes).buffer);
    const place = new BigInt64Array(Uint8Array.from(placeBytes).buffer);
    const [firstToken, knownTokens, tokens, commit] = [...place].map(Number);
    if (parameters['sequence_start']['boolParam'] === true) {
      const shared = new Float32Array(createRing(ringShape(encoder)));
      streams.set(id, { memory: { shared, own: shared.slice() }, token: firstToken });
    }
    const kept = streams.get(id);
    if (kept?.token !== firstToken) return `expected a stream at ${firstToken}`;
    const rows = melRowTokens(mel, rowShape(encoder));
    const job = { memory: kept.memory, firstToken, knownTokens, tokens, commit: commit === 1, mel };
    const outputs = await runner.run([job], rows);
    steps++;
    if (job.commit) kept.token += encoder.chunkTokens;
    return encoder.outputs.map((name) => Buffer.from(Float32Array.from(outputs[name]!).buffer));
  }

  const definition = fromJSON(OPEN_INFERENCE, {
    longs: String,
    defaults: true,
  });
  const server = new grpc.Server();
  server.addService(definition['inference.GRPCInferenceService'] as grpc.ServiceDefinition, {
    ModelStreamInfer: (call: Call) => {
      calls.add(call);
      call.on('data', (request: InferRequest) => {
        last = last.then(async () => {
          if (hangs) return;
          const told = await answer(request);
          const raw = typeof told === 'string' ? [] : told;
          const names = typeof told === 'string' ? [] : request.outputs;
          call.write({
            errorMessage: typeof told === 'string' ? told : '',
            inferResponse: {
              id: request.id,
              outputs: names.map(({ name }) => ({ name, datatype: 'FP32', shape: [] })),
              rawOutputContents: raw,
            },
          });
        });
      });
      call.on('end', () => call.end()).on('cancelled', () => calls.delete(call));
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return {
    address: `127.0.0.1:${port}`,
    get steps() {
      return steps;
    },
    forget: () => streams.clear(),
    cut() {
      streams.clear();
      hangs = false;
      for (const call of calls) call.emit('error', new Error('cut'));
      calls.clear();
    },
    hang: () => void (hangs = true),
    close: () => server.forceShutdown(),
  };
}

function textTensor(text: string): Buffer {
  const bytes = Buffer.from(text);
  const head = Buffer.alloc(4);
  head.writeUInt32LE(bytes.length);
  return Buffer.concat([head, bytes]);
}
