/**
 * Whether this is one of onnxruntime-web's own threads: where a bundler has put it into the worker's script, it starts that
 * script again for each of them, under this name (Emscripten, `em-pthread`).
 */
export function isRuntimeThread(): boolean {
  return (globalThis as { readonly name?: string }).name?.startsWith('em-pthread') ?? false;
}
