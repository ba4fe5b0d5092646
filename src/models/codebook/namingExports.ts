/** What `assembly/naming.ts` exports; pointers are byte offsets into the memory. */
export interface NamingWasm {
  compact(input: number, count: number, floor: number, values: number, offsets: number): number;
  layer(
    weights: number,
    panels: number,
    width: number,
    bias: number,
    values: number,
    offsets: number,
    count: number,
    output: number,
  ): void;
  find(
    point: number,
    width: number,
    count: number,
    centroids: number,
    units: number,
    blocks: number,
    norms: number,
    steps: number,
    slacks: number,
    rounded: number,
    levels: number,
    distances: number,
  ): number;
  share(
    point: number,
    width: number,
    count: number,
    centroids: number,
    units: number,
    blocks: number,
    norms: number,
    steps: number,
    slacks: number,
    rounded: number,
  ): number;
}
