import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What users import, by name (`sylstream/client`), and the source file of each, relative to `root`: as package.json exports it. */
export function entryPoints(root: string): Record<string, string> {
  const { name, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    name: string;
    exports: Record<string, string | { readonly default: string }>;
  };
  const sources = Object.entries(exports).flatMap(([path, target]) => {
    if (typeof target === 'string' || !target.default.startsWith('./dist/')) return [];
    return [[join(name, path), target.default.replace(/^\.\/dist\/(.*)\.js$/, '$1.ts')]];
  });
  return Object.fromEntries(sources) as Record<string, string>;
}

/** The other packages of npm, by name (`@sylstream/client`), and the source file of each, relative to `root`. */
export function workspaceEntryPoints(root: string): Record<string, string> {
  const nameOf = (folder: string): string =>
    (JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as { name: string }).name;
  const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    workspaces: readonly string[];
  };
  return Object.fromEntries(workspaces.map((folder) => [nameOf(folder), join(folder, 'index.ts')]));
}
