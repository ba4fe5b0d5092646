import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, resolve } from 'node:path';
import { parseSync } from 'vite';

const ROOT = resolve(import.meta.dirname, '../..');

/** The TypeScript files of some folders, by their paths from the project's root. */
export function sourcesOf(...folders: readonly string[]): string[] {
  return filesOf(folders, /\.ts$/);
}

/** Files of some folders whose names match, by their paths from the project's root; of others' packages none. */
export function filesOf(folders: readonly string[], names: RegExp): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => names.test(path) && !path.includes('node_modules'))
      .map((path) => join(folder, path)),
  );
}

/** The text of a source. */
export function readSource(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The project's own files that a source imports in any way: values, types, `export from`, `import()`. */
export function importsOf(path: string): string[] {
  const text = readSource(path);
  const { staticImports, staticExports, dynamicImports } = parseSync(path, text).module;
  const requests = [
    ...staticImports.map((one) => one.moduleRequest.value),
    ...staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? []),
    ),
    ...dynamicImports.map(({ moduleRequest: { start, end } }) => text.slice(start + 1, end - 1)),
  ];
  const own = requests.filter((request) => request.startsWith('.'));
  return [...new Set(own.map((request) => normalize(join(dirname(path), request))))];
}

/** The circles of a graph: groups of nodes each of which can be reached from every other one (Tarjan, 1972). */
export function circlesOf(graph: ReadonlyMap<string, Iterable<string>>): string[][] {
  const [index, low] = [new Map<string, number>(), new Map<string, number>()];
  const stack: string[] = [];
  const circles: string[][] = [];
  function visit(node: string): void {
    index.set(node, index.size);
    low.set(node, index.get(node)!);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(node, Math.min(low.get(node)!, low.get(next)!));
    }
    if (low.get(node) !== index.get(node)) return;
    const group = stack.splice(stack.indexOf(node));
    if (group.length > 1) circles.push(group);
  }
  for (const node of graph.keys()) if (!index.has(node)) visit(node);
  return circles;
}
