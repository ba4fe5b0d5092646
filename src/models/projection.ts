/** One linear layer: `weight` `[out, in]`, row after row, and `bias` `[out]`. */
export interface LinearLayer {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** Takes segments' vectors to where syllables are told apart. */
export interface Projection {
  /** P, the length of what it returns. */
  readonly width: number;
  /** Returns the projection `[P]` of a vector `[D]`; the array is the same at every call. */
  project(vector: Float64Array): Float64Array;
}

/** Makes a projection head of two linear layers with a ReLU between them (docs/bundle.md). Sums are in float64. */
export function createProjection(hidden: LinearLayer, out: LinearLayer): Projection {
  const inner = new Float64Array(hidden.bias.length); // scratch
  const projected = new Float64Array(out.bias.length);
  return {
    width: projected.length,
    project(vector) {
      apply(hidden, vector, inner);
      for (let h = 0; h < inner.length; h++) inner[h] = Math.max(0, inner[h]);
      apply(out, inner, projected);
      return projected;
    },
  };
}

function apply({ weight, bias }: LinearLayer, input: Float64Array, output: Float64Array): void {
  for (let row = 0, at = 0; row < output.length; row++) {
    let sum = bias[row];
    for (let i = 0; i < input.length; i++) sum += weight[at++] * input[i];
    output[row] = sum;
  }
}
