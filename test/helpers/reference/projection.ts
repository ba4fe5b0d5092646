import type { LinearLayer, Projection } from '../../../src/models/codebook/projection.ts';

/** Takes a vector `[D]` to `[P]`; the array is the same at every call. */
export interface PlainProjection {
  readonly width: number;
  project(vector: Float64Array): Float64Array;
}

/** The projection head in plain JavaScript, as it was before WebAssembly, with sums in float64: two linear layers with a ReLU between them (docs/bundle.md). Sums are in float64. */
export function createProjection(hidden: LinearLayer, out: LinearLayer): PlainProjection {
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
    const [at1, at2, at3, at4] = [
      row * width,
      (row + 1) * width,
      (row + 2) * width,
      (row + 3) * width,
    ];
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

/** The projection head word for word as docs/bundle.md has it: every product and every sum rounded to float32, in order. */
export function createProjectionByDefinition({ hidden, out }: Projection): PlainProjection {
  const { fround } = Math;
  const apply = ({ weight, bias }: LinearLayer, x: ArrayLike<number>): Float64Array =>
    Float64Array.from(bias, (first, row) => {
      let sum = first;
      for (let i = 0; i < x.length; i++)
        sum = fround(sum + fround(weight[row * x.length + i] * x[i]));
      return sum;
    });
  return {
    width: out.bias.length,
    project: (vector) =>
      apply(
        out,
        apply(hidden, Float32Array.from(vector)).map((value) => Math.max(0, value)),
      ),
  };
}
