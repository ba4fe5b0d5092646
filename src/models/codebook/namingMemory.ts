import { NAMING_WASM } from './namingWasm.ts';

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
}

/** One instance of the module with a memory of its own. */
export interface NamingMemory {
  readonly wasm: NamingWasm;
  /** The whole memory, where `place` has put things. */
  readonly buffer: ArrayBuffer;
}

const PAGE_BYTES = 65_536;
/** Every array begins at a multiple of a cache line. */
const ALIGNMENT = 64;

let module: WebAssembly.Module | undefined;

/** Plans a memory: `take` reserves bytes and returns where they begin, `open` makes the memory and the instance. */
export function planNamingMemory(): {
  take(bytes: number): number;
  open(): NamingMemory;
} {
  let end = ALIGNMENT; // address 0 stays unused
  return {
    take(bytes) {
      const at = end;
      end += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
      return at;
    },
    open() {
      // A module of 2 kB may be compiled at once, in browsers too; one for all codebooks of a thread.
      module ??= new WebAssembly.Module(bytesOf(NAMING_WASM));
      const memory = new WebAssembly.Memory({ initial: Math.ceil(end / PAGE_BYTES) });
      const { exports } = new WebAssembly.Instance(module, { env: { memory } });
      return { wasm: exports as unknown as NamingWasm, buffer: memory.buffer };
    },
  };
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
