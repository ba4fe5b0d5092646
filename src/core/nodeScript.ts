import { fileURLToPath } from 'node:url';

/**
 * Returns Node's arguments for a script of this project that runs in a process of its own: the built file, or from
 * sources (tests) the TypeScript through tsx, which older Nodes need to read it.
 *
 * @param from `import.meta.url` of the caller
 * @param name the script beside it, without extension
 */
export function nodeScript(from: string, name: string): string[] {
  const isBuilt = from.endsWith('.js');
  const script = fileURLToPath(new URL(`./${name}.${isBuilt ? 'js' : 'ts'}`, from));
  return isBuilt ? [script] : ['--import', 'tsx', script];
}
