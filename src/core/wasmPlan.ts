/** One instance of a module with a memory of its own. */
export interface WasmMemory<T> {
  readonly wasm: T;
  /** The whole memory, where `take` has reserved places. */
  readonly buffer: ArrayBuffer;
}

const PAGE_BYTES = 65_536;
/** Every array begins at a multiple of a cache line. */
const ALIGNMENT = 64;

const modules = new Map<string, WebAssembly.Module>();

/**
 * Plans the memory of a module from `assembly/`: `take` reserves bytes and returns where they begin, 64 bytes or more behind the memory's
 * begin; `open` makes the memory, all zeros, and the instance.
 */
export function planWasm<T>(base64: string): {
  take(bytes: number): number;
  open(): WasmMemory<T>;
} {
  let end = ALIGNMENT; // address 0 stays unused
  return {
    take(bytes) {
      const at = end;
      end += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
      return at;
    },
    open() {
      const memory = new WebAssembly.Memory({ initial: Math.ceil(end / PAGE_BYTES) });
      const { exports } = new WebAssembly.Instance(compiled(base64), { env: { memory } });
      return { wasm: exports as unknown as T, buffer: memory.buffer };
    },
  };
}

/** A module of 2 kB may be compiled at once, in browsers too; one for all that a thread makes of it. */
function compiled(base64: string): WebAssembly.Module {
  const known = modules.get(base64);
  if (known) return known;
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const module = new WebAssembly.Module(bytes);
  modules.set(base64, module);
  return module;
}
