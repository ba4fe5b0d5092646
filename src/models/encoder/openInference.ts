import type { Client, ClientDuplexStream } from '@grpc/grpc-js';
import { PipelineError } from '../../core/errors.ts';

/** A tensor of a request: its bytes are in `rawInputContents`, in the same order. */
export interface TensorHead {
  readonly name: string;
  readonly datatype: 'FP32' | 'INT64' | 'BYTES';
  readonly shape: readonly number[];
}

/** `inference.ModelInferRequest`, as far as it is used. */
export interface InferRequest {
  readonly modelName: string;
  readonly id: string;
  readonly parameters: Readonly<Record<string, InferParameter>>;
  readonly inputs: readonly TensorHead[];
  readonly outputs: readonly { readonly name: string }[];
  readonly rawInputContents: readonly Uint8Array[];
}

/** `inference.InferParameter`: one of these. 64-bit numbers as decimal text. */
export type InferParameter = { readonly boolParam: boolean } | { readonly int64Param: string };

/** `inference.ModelStreamInferResponse`. */
export interface StreamReply {
  /** Empty where all is well. */
  readonly errorMessage: string;
  readonly inferResponse?: {
    readonly id: string;
    readonly outputs: readonly TensorHead[];
    readonly rawOutputContents: readonly Buffer[];
  } | null;
}

/** A bidirectional stream of `inference.GRPCInferenceService/ModelStreamInfer`. */
export type InferStream = ClientDuplexStream<InferRequest, StreamReply>;

/** A channel to a server. */
export interface InferChannel {
  /** Opens the stream; what goes wrong is its `error`. */
  open(): InferStream;
  close(): void;
}

/** Largest message either way: a batch of one stream's step has some 20 KB. */
const MESSAGE_BYTES = 4 * 2 ** 20;
/** Tries to connect again after so long, at first and at most. */
const RECONNECT_MS = { first: 50, most: 500 } as const;
const PACKAGES = '@grpc/grpc-js @grpc/proto-loader';

/**
 * Loads gRPC, which is an optional package, and makes a channel without TLS; it connects when a stream is opened.
 *
 * @param address `HOST:PORT`
 * @throws PipelineError `SYLSTREAM_ERR_REMOTE` where gRPC is not installed
 */
export async function createInferChannel(address: string): Promise<InferChannel> {
  const { grpc, loader } = await loadGrpc();
  const definition = loader.fromJSON(OPEN_INFERENCE, {
    keepCase: false,
    longs: String,
    defaults: true,
  });
  const { ModelStreamInfer } = definition['inference.GRPCInferenceService'] as Record<
    string,
    {
      path: string;
      requestSerialize: (request: object) => Buffer;
      responseDeserialize: (bytes: Buffer) => object;
    }
  >;
  const client: Client = new grpc.Client(address, grpc.credentials.createInsecure(), {
    'grpc.initial_reconnect_backoff_ms': RECONNECT_MS.first,
    'grpc.min_reconnect_backoff_ms': RECONNECT_MS.first,
    'grpc.max_reconnect_backoff_ms': RECONNECT_MS.most,
    'grpc.max_receive_message_length': MESSAGE_BYTES,
    'grpc.max_send_message_length': MESSAGE_BYTES,
    // A channel for each thread, so that the load of one server's threads is spread as well.
    'grpc.use_local_subchannel_pool': 1,
  });
  const { path, requestSerialize, responseDeserialize } = ModelStreamInfer;
  return {
    open: () =>
      client.makeBidiStreamRequest<InferRequest, StreamReply>(
        path,
        requestSerialize,
        responseDeserialize as (bytes: Buffer) => StreamReply,
      ),
    close: () => client.close(),
  };
}

async function loadGrpc() {
  try {
    const [grpc, loader] = await Promise.all([
      import('@grpc/grpc-js'),
      import('@grpc/proto-loader'),
    ]);
    return { grpc, loader };
  } catch (error) {
    throw new PipelineError(
      'SYLSTREAM_ERR_REMOTE',
      `expected the packages ${PACKAGES} for an encoder behind Triton, and they do not load; npm install ${PACKAGES}`,
      { cause: error },
    );
  }
}

const field = (type: string, id: number, rule?: 'repeated') => ({
  type,
  id,
  ...(rule && { rule }),
});

/**
 * What is used of the Open Inference Protocol: grpc_predict_v2 of KServe, with the stream that Triton adds
 * (`grpc_service.proto` of triton-inference-server/common). Fields that are not named here are skipped by whoever reads.
 */
export const OPEN_INFERENCE: object = {
  nested: {
    inference: {
      nested: {
        GRPCInferenceService: {
          methods: {
            ModelStreamInfer: {
              requestType: 'ModelInferRequest',
              requestStream: true,
              responseType: 'ModelStreamInferResponse',
              responseStream: true,
            },
          },
        },
        InferParameter: {
          oneofs: { parameterChoice: { oneof: ['boolParam', 'int64Param'] } },
          fields: { boolParam: field('bool', 1), int64Param: field('int64', 2) },
        },
        Tensor: {
          fields: {
            name: field('string', 1),
            datatype: field('string', 2),
            shape: field('int64', 3, 'repeated'),
          },
        },
        RequestedOutput: { fields: { name: field('string', 1) } },
        ModelInferRequest: {
          fields: {
            modelName: field('string', 1),
            id: field('string', 3),
            parameters: { keyType: 'string', ...field('InferParameter', 4) },
            inputs: field('Tensor', 5, 'repeated'),
            outputs: field('RequestedOutput', 6, 'repeated'),
            rawInputContents: field('bytes', 7, 'repeated'),
          },
        },
        ModelInferResponse: {
          fields: {
            id: field('string', 3),
            outputs: field('Tensor', 5, 'repeated'),
            rawOutputContents: field('bytes', 6, 'repeated'),
          },
        },
        ModelStreamInferResponse: {
          fields: {
            errorMessage: field('string', 1),
            inferResponse: field('ModelInferResponse', 2),
          },
        },
      },
    },
  },
};
