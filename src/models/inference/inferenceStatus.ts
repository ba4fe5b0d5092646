/** How a model that is being run fares: an encoder, or a language model. */
export interface InferenceStatus {
  readonly provider: string;
  readonly precision: string;
  readonly workers: number;
  readonly streams: number;
  /** Steps that wait for a run. */
  readonly queued: number;
  /** Workers that died and were started again. */
  readonly restarts: number;
  /** Stream-steps run so far. */
  readonly steps: number;
  /** Runs so far, by batch size: `batches[b]` runs of b streams. */
  readonly batches: readonly number[];
  /** Milliseconds that workers spent inside ONNX Runtime. */
  readonly runMs: number;
  /** Milliseconds that workers spent on gathering, scattering and checking. */
  readonly gatherMs: number;
  /** CPU milliseconds of the workers that run now, or undefined where the system does not tell. */
  readonly cpuMs: number | undefined;
}
