import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { SCHEMA_CHECKS, type SchemaName } from '../../../src/models/bundle/parseJson.ts';
import { filesOf, readSource } from '../../helpers/sources.ts';

const root = resolve(import.meta.dirname, '../../..');
const NAMES = Object.keys(SCHEMA_CHECKS) as SchemaName[];
/** What a file of the schema's kind says, in one of the bundles at hand. */
const FILES: Readonly<Record<SchemaName, string>> = {
  config: 'models/small/config.json',
  head: 'models/small/head/head.json',
  lm: 'models/small/lm/config.json',
  manifest: 'models/small/manifest.json',
  speak: 'models/small/speak/config.json',
  units: 'models/small/units.json',
};

/** The value with at most three items in every array, and six files of a bundle's. */
function shortened(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 3).map(shortened);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      shortened(
        name === 'files' ? Object.fromEntries(Object.entries(each as object).slice(0, 6)) : each,
      ),
    ]),
  );
}

/** The value without one of its fields, or with something else in its place, at every place. */
function* damaged(value: unknown): Generator<unknown, void, undefined> {
  yield null;
  if (typeof value !== 'object' || value === null) return;
  for (const [name, each] of Object.entries(value)) {
    const whole = (changed: unknown): unknown =>
      Array.isArray(value)
        ? value.map((item: unknown, i) => (String(i) === name ? changed : item))
        : { ...value, [name]: changed };
    if (!Array.isArray(value)) {
      yield Object.fromEntries(Object.entries(value).filter(([other]) => other !== name));
    }
    for (const changed of [-1, 0.5, '', 'x', {}, []]) yield whole(changed);
    for (const changed of damaged(each)) yield whole(changed);
  }
}

describe('the compiled schemas', () => {
  it('are what `npm run build:schemas` makes of docs/schema', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sylstream-schemas-'));
    try {
      const script = join(root, 'scripts/buildSchemas.mjs');
      await promisify(execFile)(process.execPath, [script, folder]);
      const committed = await readFile(join(root, 'src/models/bundle/schemaChecks.ts'), 'utf8');
      expect(await readFile(join(folder, 'schemaChecks.ts'), 'utf8')).toBe(committed);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('are all of them, and want no Ajv', async () => {
    const files = await readdir(join(root, 'docs/schema'));
    expect(files.map((file) => file.replace('.schema.json', '')).sort()).toEqual(NAMES.sort());
    const users = filesOf(['src', 'server', 'bin', 'web'], /\.(ts|js)$/).filter((file) =>
      /^(import|export) .*ajv/m.test(readSource(file)),
    );
    expect(users).toEqual([]);
  });

  it.each(NAMES)('say of %s what Ajv says of it, in the same words', async (name) => {
    const schema = await readFile(join(root, `docs/schema/${name}.schema.json`), 'utf8');
    const ajv = new Ajv2020({ strict: false }).compile(JSON.parse(schema) as object);
    const good = shortened(JSON.parse(await readFile(join(root, FILES[name]), 'utf8')));
    const check = SCHEMA_CHECKS[name];
    expect(check(good)).toBe(true);
    let refused = 0;
    for (const value of damaged(good)) {
      expect(check(value)).toBe(ajv(value));
      expect(check.errors?.[0]).toEqual(ajv.errors?.[0]);
      if (check.errors) refused++;
    }
    expect(refused).toBeGreaterThan(30);
  });
});
