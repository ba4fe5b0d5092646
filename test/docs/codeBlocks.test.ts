import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { codeBlocks } from '../../scripts/prose/codeBlocks.ts';
import { documents } from '../../scripts/prose/pages.ts';
import { entryPoints, workspaceEntryPoints } from '../../scripts/site/entryPoints.ts';
import { serveCommand } from '../../server/serveCommand.ts';
import { createProgram } from '../../src/cli/main.ts';
import { program } from '../helpers/require.ts';

const root = resolve(import.meta.dirname, '../..');
const pages = [
  ...documents(root),
  'CONTRIBUTING.md',
  'RELEASING.md',
  'SECURITY.md',
  'examples/node/README.md',
  'examples/notebook/README.md',
  'packages/browser/README.md',
  'packages/client/README.md',
  'packages/python/README.md',
];
const blocks = pages
  .filter((page) => !page.startsWith('docs/log/'))
  .flatMap((page) =>
    codeBlocks(readFileSync(join(root, page), 'utf8')).map((block) => ({ page, ...block })),
  );
const of = (...languages: string[]) =>
  blocks.filter(({ language }) => languages.includes(language));
const where = ({ page, line }: (typeof blocks)[number]): string => `${page}:${line}`;
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

// README's are run by readme.test.ts, configurations of proxies by test/server.
describe('code of the documents', () => {
  it('is in a language that something checks', () => {
    const known = ['', 'ts', 'sh', 'json', 'jsonc', 'yaml', 'python', 'nginx', 'haproxy'];
    expect(blocks.filter(({ language }) => !known.includes(language)).map(where)).toEqual([]);
  });

  it('in TypeScript has the types of the package', () => {
    const folder = mkdtempSync(join(root, 'artifacts-blocks-'));
    try {
      const found = of('ts');
      expect(found.length).toBeGreaterThan(10);
      for (const [n, block] of found.entries()) {
        writeFileSync(join(folder, `block${n}.ts`), `export {};\n${block.code}`);
      }
      const paths = Object.fromEntries(
        Object.entries({ ...entryPoints(root), ...workspaceEntryPoints(root) }).map(
          ([name, source]) => [name, [`../${source}`]],
        ),
      );
      const compilerOptions = { paths, noUnusedLocals: false, declaration: false };
      const config = { extends: '../tsconfig.json', compilerOptions, include: ['*.ts'] };
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
      const { stdout } = spawnSync('npx', ['tsc', '-p', folder], { cwd: root, encoding: 'utf8' });
      const named = stdout.replaceAll(/\S*block(\d+)\.ts/g, (_, n) => where(found[Number(n)]));
      expect(named).toBe('');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each(of('sh').map((block) => [where(block), block.code]))(
    'for a shell names commands, options and scripts that there are: %s',
    (_, code) => {
      const lines = code.replaceAll('\\\n', ' ').split('\n');
      expect(lines.flatMap((line) => line.split(/[|&;]+/).flatMap(faultsOf))).toEqual([]);
    },
  );

  it('in JSON and YAML can be read', () => {
    for (const block of of('json'))
      expect(() => JSON.parse(block.code), where(block)).not.toThrow();
    for (const block of of('yaml')) expect(() => parse(block.code), where(block)).not.toThrow();
  });

  it.runIf(program('python3'))('in Python can be read', () => {
    for (const block of of('python')) {
      const check = 'import ast, sys; ast.parse(sys.stdin.read())';
      const { status } = spawnSync('python3', ['-c', check], { input: block.code });
      expect(status, where(block)).toBe(0);
    }
  });
});

const { commands } = createProgram(() => undefined, [serveCommand()]);

/** What a line of a shell names that is not there. */
function faultsOf(line: string): string[] {
  const words = line.replace(/#.*$/, '').trim().split(/\s+/);
  const script = words[0] === 'npm' && words[1] === 'run' ? words[2] : undefined;
  if (script !== undefined && !(script in scripts)) return [`npm run ${script}`];
  const files = words.filter((word) => /^(examples|test|deploy|bench|scripts)\//.test(word));
  const absent = files.filter((file) => !existsSync(join(root, file)));
  const at = words.indexOf('sylstream');
  if (words[0] === 'cd' || at === -1 || at > 2 || words[at + 1]?.startsWith('-')) return absent;
  const command = commands.find((one) => one.name() === words[at + 1]);
  if (command === undefined) return [...absent, words.slice(at, at + 2).join(' ')];
  const known = [command, ...command.commands].flatMap(({ options }) =>
    options.flatMap(({ long, short }) => [long, short]),
  );
  const named = words.flatMap((word) => /^--?[a-z][\w-]*/.exec(word)?.[0] ?? []);
  const strange = named.filter((option) => !known.includes(option));
  return [...absent, ...strange.map((option) => `sylstream ${command.name()} ${option}`)];
}
