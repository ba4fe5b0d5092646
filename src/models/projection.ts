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

/** Four rows side by side: no addition need wait for the one before, and a number of the input is read once for the four. */
function apply({ weight, bias }: LinearLayer, input: Float64Array, output: Float64Array): void {
  const width = input.length;
  let row = 0;
  for (; row + 4 <= output.length; row += 4) {
    const [at1, at2, at3, at4] = [row * width, (row + 1) * width, (row + 2) * width, (row + 3) * width];
    let s1 = bias[row];
    let s2 = bias[row + 1];
    let s3 = bias[row + 2];
    let s4 = bias[row + 3];
    for (let i = 0; i < width; i++) {
      const x = input[i];
      s1 += weight[at1 + i] * x;
      s2 += weight[at2 + i] * x;
      s3 += weight[at3 + i] * x;
      s4 += weight[at4 + i] * x;
    }
    output[row] = s1;
    output[row + 1] = s2;
    output[row + 2] = s3;
    output[row + 3] = s4;
  }
  for (; row < output.length; row++) {
    let sum = bias[row];
    for (let i = 0; i < width; i++) sum += weight[row * width + i] * input[i];
    output[row] = sum;
  }
}
