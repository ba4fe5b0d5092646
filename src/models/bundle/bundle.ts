/** What a bundle's files say, as types. `docs/bundle.md` is the text of it, `docs/schema/` the check. */

/** `manifest.json`. */
export interface Manifest {
  readonly format: 'sylstream-bundle';
  readonly formatVersion: 1;
  readonly name: string;
  readonly version: string;
  readonly created: string;
  readonly licence: string;
  readonly trainingData: readonly {
    readonly name: string;
    readonly hours: number;
    readonly licence: string;
  }[];
  readonly metrics: Readonly<Record<string, unknown>>;
  /** Path → size and SHA-256 (hex) of every file but the manifest. */
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

/** The encoder's numbers in `config.json`: of one that caches, or of one that hears a window of the waveform again. */
export type EncoderConfig = CachedEncoderConfig | WaveEncoderConfig;

/** What both kinds say. */
interface EncoderNumbers {
  readonly layers: number;
  readonly width: number;
  /** D. */
  readonly featureWidth: number;
  readonly framesPerToken: number;
  /** No two products of neighbouring int8 weights overflow 16 bits together. */
  readonly boundedSums?: boolean | undefined;
  /** c: new tokens of a step. */
  readonly chunkTokens: number;
  /** W: tokens before the chunk that it sees, cached ones or the window's. */
  readonly windowTokens: number;
  /** Output row i speaks of token i − delayTokens. */
  readonly delayTokens: number;
  readonly outputs: readonly ('features' | 'boundary' | 'speech')[];
}

/** An encoder of log-mel that keeps keys and values from step to step. */
export interface CachedEncoderConfig extends EncoderNumbers {
  readonly frontend?: 'mel128' | undefined;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headWidth: number;
  readonly ffnWidth: number;
  /** Frames that a token's embedding hears, its own last; framesPerToken where it is absent. */
  readonly stemFrames?: number | undefined;
  /** Grids of tokens that are heard, the second half a token earlier; outputs are their mean. 1 where it is absent. */
  readonly phases?: 1 | 2 | undefined;
  /** No token sees a later one, whatever chunk it came in; else the tokens of a chunk see each other. */
  readonly causal?: boolean | undefined;
  readonly alibiSlopes: readonly number[];
}

/**
 * An encoder whose graph hears the waveform itself, its front end inside it, and sees both ways: every step runs it on the
 * last W + c tokens, and takes the c of them that `delayTokens` more have been heard after.
 */
export interface WaveEncoderConfig extends EncoderNumbers {
  readonly frontend: 'waveform';
}

/** Whether an encoder hears windows of the waveform. */
export function hearsWave(encoder: EncoderConfig): encoder is WaveEncoderConfig {
  return encoder.frontend === 'waveform';
}

/** One calibrated place of the rate dial. */
export interface CalibratedRate {
  readonly name: string;
  readonly hz: number;
  readonly w: number;
  readonly lambda: number;
  readonly even?: number | undefined;
}

/** `config.json`. */
export interface BundleConfig {
  readonly formatVersion: 1;
  readonly mel: { readonly bins: 128; readonly mean: number; readonly std: number };
  readonly encoder: EncoderConfig;
  readonly boundaries: {
    readonly minTokens: number;
    readonly maxTokens: number;
    readonly logitClamp: number;
    readonly shiftSamples: number;
    readonly rates: readonly CalibratedRate[];
  };
  readonly units: {
    readonly centroids: number;
    readonly merged: number;
    readonly trimTokens: number;
    /** What makes a unit's confidence a probability. */
    readonly confidence?: { readonly slope: number; readonly intercept: number } | undefined;
  };
}

/** `lm/config.json`: the unit language model. */
export interface LmConfig {
  readonly formatVersion: 1;
  /** SHA-256 (hex) of the `codebook.safetensors` that it belongs to. */
  readonly codebook: string;
  /** Name of the rate whose units it was trained on, as in `boundaries.rates`. */
  readonly rate: string;
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headWidth: number;
  readonly ffnWidth: number;
  /** M + 2: the pause, M units, the boundary id M + 1. */
  readonly vocabulary: number;
  /** W: cached units that a new one sees. */
  readonly windowUnits: number;
  readonly alibiSlopes: readonly number[];
  /** As the encoder's. */
  readonly boundedSums?: boolean | undefined;
}

/** A bundle that was read and found whole. */
export interface Bundle {
  /** Absolute path of the folder. */
  readonly directory: string;
  /** SHA-256 over the file list: what unit ids belong to. */
  readonly hash: string;
  readonly manifest: Manifest;
  readonly config: BundleConfig;
  /** `lm/config.json`, where the bundle has a language model. */
  readonly lm?: LmConfig;
}

/** Weights that a model of a bundle can run with. */
export type Precision = 'int8' | 'fp32';
