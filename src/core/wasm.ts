/** WebAssembly that is loaded once for all, when it is first wanted. */
export interface Wasm<T> {
  /** Starts loading, or waits for whoever did. Rejects with what kept it from loading; the next call tries again. */
  load(): Promise<T>;
  /** The loaded module; undefined before `load()` has resolved. */
  readonly loaded: T | undefined;
  /** The loaded module. @throws Error before `load()` has resolved */
  get(): T;
}

/**
 * Wraps the function that loads a module. Loading is asynchronous in every browser, and a module that waits for it as it
 * is imported (a top-level await) can be had neither by `require()` nor by a bundle in CommonJS; so whoever drives a
 * machine waits instead: operators and sources by themselves, `loadModels()` for all that follows.
 */
export function createWasm<T>(name: string, instantiate: () => Promise<T>): Wasm<T> {
  let loading: Promise<T> | undefined;
  let loaded: T | undefined;

  async function start(): Promise<T> {
    try {
      return (loaded = await instantiate());
    } catch (error) {
      loading = undefined;
      throw error;
    }
  }

  return {
    load: () => (loading ??= start()),
    get loaded() {
      return loaded;
    },
    get: () => {
      if (loaded === undefined) throw new Error(`${name} is used before its load() has resolved`);
      return loaded;
    },
  };
}
