/** What a segmentation costs and how it may look; λ, g, w and the weight of the squared length by token. */
export interface Problem {
  readonly features: Float32Array;
  readonly width: number;
  readonly minTokens: number;
  readonly maxTokens: number;
  readonly w: (token: number) => number;
  readonly even?: (token: number) => number;
  readonly price: (token: number) => number;
}

/** A segment's cost C in its other form: squared distances to the mean, over D. */
export function costByDefinition({ features, width }: Problem, start: number, end: number): number {
  let total = 0;
  for (let d = 0; d < width; d++) {
    let mean = 0;
    for (let t = start; t < end; t++) mean += features[t * width + d] / (end - start);
    for (let t = start; t < end; t++) total += (features[t * width + d] - mean) ** 2;
  }
  return total / width;
}

/** Every segmentation of n tokens with allowed lengths, and what each costs; for n up to about 16. */
export function everySegmentation(problem: Problem): { cuts: number[]; cost: number }[] {
  const n = problem.features.length / problem.width;
  const found: { cuts: number[]; cost: number }[] = [];
  const extend = (cuts: number[], cost: number): void => {
    const start = cuts.at(-1)!;
    if (start === n) found.push({ cuts, cost });
    for (let length = problem.minTokens; length <= problem.maxTokens; length++) {
      const end = start + length;
      if (end > n) break;
      const paid = end === n ? 0 : problem.price(end);
      const squared = (problem.even?.(start) ?? 0) * length ** 2;
      extend(
        [...cuts, end],
        cost + problem.w(start) * costByDefinition(problem, start, end) + squared + paid,
      );
    }
  };
  extend([0], 0);
  return found;
}
