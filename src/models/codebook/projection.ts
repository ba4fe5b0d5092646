/** One linear layer: `weight` `[out, in]`, row after row, and `bias` `[out]`. */
export interface LinearLayer {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/**
 * Takes segments' vectors `[D]` to where syllables are told apart, `[P]`: two linear layers with a ReLU between them
 * (docs/bundle.md).
 */
export interface Projection {
  /** `[H, D]` and `[H]`. */
  readonly hidden: LinearLayer;
  /** `[P, H]` and `[P]`. */
  readonly out: LinearLayer;
}
