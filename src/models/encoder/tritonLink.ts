import { randomBytes } from 'node:crypto';
import { FRAMES_PER_TOKEN, MEL_BINS } from '../../core/time.ts';
import {
  createInferChannel,
  type InferRequest,
  type InferStream,
  type StreamReply,
} from './openInference.ts';

/** The model's name in the repository that `sylstream model triton` writes. */
export const TRITON_MODEL = 'sylstream';

/** One request of a sequence. */
export interface SequenceRequest {
  /** The correlation id: a decimal number, not 0. */
  readonly sequence: string;
  readonly start?: boolean;
  readonly end?: boolean;
  /** `[before + 2·rows, 128]`. */
  readonly mel: Float32Array;
  /** First token, tokens before it that are known, tokens that are real, whether keys and values are kept (1 or 0). */
  readonly place: readonly [number, number, number, number];
  readonly outputs: readonly string[];
}

/** The outputs of a request, by name: bytes that are nobody else's, at an offset of 0. */
export type SequenceReply = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

/** The server is gone, or does not answer in time: whatever it kept may be gone too. */
export class ServerLost extends Error {}

/** What a server says of itself. */
export interface ServerAbout {
  /** The bundle's hash. */
  readonly bundle: string;
  readonly precision: string;
  readonly provider: 'cpu' | 'cuda';
  /** ONNX Runtime's version. */
  readonly runtime: string;
  /** As `instructionSet()`. */
  readonly processor: string;
}

/** One connection to a Triton server, made again after it broke, when it is used. */
export interface TritonLink {
  /** Who is there; connects where there is no connection. Rejects with `ServerLost`, or what `check` throws. */
  connected(): Promise<ServerAbout>;
  /**
   * Sends a request and waits for its reply, at most the deadline. Rejects with `ServerLost`, or with an `Error` in the
   * server's words where it refuses.
   */
  infer(request: SequenceRequest): Promise<SequenceReply>;
  close(): void;
}

/** Options of `createTritonLink()`. */
export interface TritonLinkOptions {
  /** `HOST:PORT` of its gRPC. */
  readonly address: string;
  /** Milliseconds that a reply may take. */
  readonly deadlineMs: number;
  /** Throws where the server is not the right one. Called after every connecting. */
  readonly check: (about: ServerAbout) => void;
}

interface Pending {
  readonly resolve: (reply: SequenceReply) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

interface Connection {
  readonly stream: InferStream;
  readonly pending: Map<string, Pending>;
  readonly about: Promise<ServerAbout>;
}

/** Makes a link; nothing is sent before it is used. @throws PipelineError `SYLSTREAM_ERR_REMOTE` without gRPC */
export async function createTritonLink(options: TritonLinkOptions): Promise<TritonLink> {
  const { address, deadlineMs, check } = options;
  const channel = await createInferChannel(address);
  let connection: Connection | undefined;
  let requests = 0;

  function connect(): Connection {
    const stream = channel.open();
    const pending = new Map<string, Pending>();
    const lose = (why: string): void => {
      if (connection?.stream === stream) connection = undefined;
      const error = new ServerLost(`expected Triton at ${address} to answer: ${why}`);
      for (const { reject, timer } of pending.values()) {
        clearTimeout(timer);
        reject(error);
      }
      pending.clear();
    };
    stream.on('data', (reply: StreamReply) => receive(pending, reply, lose));
    stream.on('error', (error: Error) => lose(error.message));
    stream.on('end', () => {
      stream.end();
      lose('it ended the stream');
    });
    const about = send({ stream, pending }, { sequence: newSequence(), ...ABOUT }).then((reply) => {
      const found = JSON.parse(textOf(reply.get('about')!)) as ServerAbout;
      try {
        check(found);
      } catch (error) {
        stream.cancel();
        throw error;
      }
      return found;
    });
    about.catch(() => undefined); // told to whoever waits for it
    return { stream, pending, about };
  }

  function send(
    { stream, pending }: Pick<Connection, 'stream' | 'pending'>,
    request: SequenceRequest,
  ): Promise<SequenceReply> {
    return new Promise((resolve, reject) => {
      const id = String(++requests);
      // A server that is silent for that long is taken for dead, and everything that waits for it goes elsewhere with it.
      const timer = setTimeout(
        () => stream.destroy(new Error(`nothing came for ${deadlineMs} ms`)),
        deadlineMs,
      );
      pending.set(id, { resolve, reject, timer });
      stream.write(messageOf(id, request));
    });
  }

  const current = (): Connection => (connection ??= connect());
  return {
    connected: () => current().about,
    infer: async (request) => {
      const own = current();
      await own.about;
      if (connection !== own) throw new ServerLost(`expected Triton at ${address} to stay`);
      return send(own, request);
    },
    close: () => {
      connection?.stream.cancel();
      channel.close();
    },
  };
}

function receive(
  pending: Map<string, Pending>,
  { errorMessage, inferResponse }: StreamReply,
  lose: (why: string) => void,
): void {
  const id = inferResponse?.id ?? '';
  const waiting = pending.get(id);
  if (waiting === undefined) {
    // An error without an id may be anyone's.
    if (errorMessage !== '' && id === '') lose(errorMessage);
    return;
  }
  pending.delete(id);
  clearTimeout(waiting.timer);
  if (errorMessage !== '') return waiting.reject(new Error(errorMessage));
  const { outputs, rawOutputContents } = inferResponse!;
  waiting.resolve(
    new Map(outputs.map(({ name }, place) => [name, Uint8Array.from(rawOutputContents[place])])),
  );
}

/** Asks who is there: a sequence of one request. */
const ABOUT: Omit<SequenceRequest, 'sequence'> = {
  start: true,
  end: true,
  mel: new Float32Array(FRAMES_PER_TOKEN * MEL_BINS),
  place: [0, 0, 0, 0],
  outputs: ['about'],
};

function messageOf(id: string, request: SequenceRequest): InferRequest {
  const { sequence, start = false, end = false, mel, place, outputs } = request;
  return {
    modelName: TRITON_MODEL,
    id,
    parameters: {
      sequence_id: { int64Param: sequence },
      sequence_start: { boolParam: start },
      sequence_end: { boolParam: end },
    },
    inputs: [
      { name: 'mel', datatype: 'FP32', shape: [1, mel.length / MEL_BINS, MEL_BINS] },
      { name: 'place', datatype: 'INT64', shape: [1, place.length] },
    ],
    outputs: outputs.map((name) => ({ name })),
    rawInputContents: [
      new Uint8Array(mel.buffer, mel.byteOffset, mel.byteLength),
      new Uint8Array(BigInt64Array.from(place, BigInt).buffer),
    ],
  };
}

/** The one text of a tensor of type BYTES: four bytes of length, then UTF-8. */
function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(4));
}

/** A correlation id that no other gateway has: 62 random bits. */
export function newSequence(): string {
  return String((randomBytes(8).readBigUInt64LE() >> 2n) + 1n);
}
