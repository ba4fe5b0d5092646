import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build } from '../helpers/built.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const NAMES = readdirSync(join(ROOT, 'packages')).filter((name) =>
  existsSync(join(ROOT, 'packages', name, 'package.json')),
);

type Table = Readonly<Record<string, string>>;
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly repository: { readonly url: string; readonly directory?: string };
  readonly workspaces?: readonly string[];
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly [table: string]: unknown;
}

const read = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as Manifest;
const root = read('.');
const TABLES = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];
const rangesOf = (manifest: Manifest): Table =>
  Object.assign({}, ...TABLES.map((table) => manifest[table])) as Table;

describe('the workspaces', () => {
  it('are all of packages/ that has a manifest', () => {
    expect([...root.workspaces!].sort()).toEqual(NAMES.map((name) => `packages/${name}`).sort());
  });
});

describe.each(NAMES)('packages/%s', (name) => {
  const manifest = read(`packages/${name}`);

  it('holds a manifest, entries of a line each, a page and the licence', () => {
    const paths = execFileSync(
      'git',
      ['ls-files', '--cached', '--others', '--exclude-standard', '.'],
      {
        cwd: join(ROOT, 'packages', name),
        encoding: 'utf8',
      },
    );
    const entries = paths
      .trim()
      .split('\n')
      .filter((path) => path.endsWith('.ts'));
    const others = paths
      .trim()
      .split('\n')
      .filter((path) => !path.endsWith('.ts'));
    expect(others.sort()).toEqual(['LICENSE', 'README.md', 'package.json']);
    for (const entry of entries) {
      const text = readFileSync(join(ROOT, 'packages', name, entry), 'utf8');
      expect(text).toMatch(/^export \* from '\.\.\/\.\.\/src\/[\w/]+\.ts';\n$/);
    }
  });

  it('says of itself what the root says, and takes the same versions of the same packages', () => {
    for (const field of ['version', 'author', 'bugs', 'homepage', 'license', 'type']) {
      expect(manifest[field], field).toEqual(root[field]);
    }
    const { url } = root.repository;
    expect(manifest.repository).toMatchObject({ url, directory: `packages/${name}` });
    expect(rangesOf(root)).toMatchObject(rangesOf(manifest));
    const licence = (folder: string): string => readFileSync(join(ROOT, folder, 'LICENSE'), 'utf8');
    expect(licence(`packages/${name}`)).toBe(licence('.'));
  });
});

describe('packages/python', () => {
  it('has the version and the licence of the others, as the chart has the version', () => {
    const text = (path: string): string =>
      readFileSync(join(ROOT, 'packages/python', path), 'utf8');
    expect(text('src/sylstream_client/version.py')).toContain(`VERSION = '${root.version}'`);
    const chart = readFileSync(join(ROOT, 'deploy/helm/sylstream/Chart.yaml'), 'utf8');
    expect(chart).toContain(`\nversion: ${root.version}\nappVersion: ${root.version}\n`);
    expect(text('LICENSE')).toBe(readFileSync(join(ROOT, 'LICENSE'), 'utf8'));
  });
});

describe('what npm run build makes of them', () => {
  beforeAll(build, 120_000);

  it.each(NAMES)('has every file that the manifest of %s exports', (name) => {
    const { exports } = read(`packages/${name}`);
    const targets = Object.values(exports).flatMap((target) =>
      typeof target === 'string' ? [target] : Object.values(target),
    );
    const absent = targets
      .map((target) => target.replace('/*', ''))
      .filter((target) => !existsSync(join(ROOT, 'packages', name, target)));
    expect(absent).toEqual([]);
  });

  it('has the names of the entries that they stand for', async () => {
    for (const name of NAMES) {
      const [own, alias] = (await Promise.all(
        [`@sylstream/${name}`, `sylstream/${name}`].map((entry) => import(entry)),
      )) as [object, object];
      expect(Object.keys(own).sort()).toEqual(Object.keys(alias).sort());
    }
  });

  it('needs nothing of Node in a module for browsers', () => {
    for (const name of NAMES) {
      const dist = join(ROOT, 'packages', name, 'dist');
      for (const file of readdirSync(dist).filter((one) => one.endsWith('.js'))) {
        const text = readFileSync(join(dist, file), 'utf8');
        expect(text, `${name}/${file}`).not.toMatch(/from "node:|[^'"]\brequire\("/);
      }
    }
  });
});

describe('copyDeclarations()', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sylstream-declarations-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('follows imports of every form, ends them with .js, and names the packages', async () => {
    const files = {
      'a.d.ts': `export * from './b.ts';\nimport './c.ts';\nimport type { X } from '@scope/one/deep';\n`,
      'b.d.ts': `/** As \`import('./absent.ts')\` does. */\nexport declare const b: import('./c.ts').C;\n`,
      'c.d.ts': `export type C = import('two').T;\nexport * from './a.ts';\n`,
      'd.d.ts': `export {};\n`,
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const path = '../../scripts/copyDeclarations.mjs';
    const { copyDeclarations } = (await import(path)) as {
      copyDeclarations(options: object): Promise<string[]>;
    };
    const to = join(folder, 'to');
    const packages = await copyDeclarations({ entries: ['a.d.ts'], from: folder, to });
    expect(packages).toEqual(['@scope/one', 'two']);
    expect(readdirSync(to).sort()).toEqual(['a.d.ts', 'b.d.ts', 'c.d.ts']);
    expect(readFileSync(join(to, 'a.d.ts'), 'utf8')).toContain(`from './b.js'`);
    expect(readFileSync(join(to, 'b.d.ts'), 'utf8')).toContain(`import('./c.js').C`);
  });
});
