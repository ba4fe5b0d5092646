import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const out = mkdtempSync(join(tmpdir(), 'sylstream-sbom-'));
afterAll(() => rmSync(out, { recursive: true }));

interface Bill {
  readonly metadata: { readonly component: { readonly purl: string } };
  readonly components: readonly { readonly name: string; readonly licenses: readonly unknown[] }[];
}

describe('what ships of others', () => {
  it('has licences that were looked at, and THIRD_PARTY.md names them all', async () => {
    const script = join(ROOT, 'scripts/thirdParty.mjs');
    const { thirdParty } = (await import(script)) as { thirdParty(): string };
    expect(readFileSync(join(ROOT, 'THIRD_PARTY.md'), 'utf8')).toBe(thirdParty());
  });

  it('is in a bill of materials of each package, which the schema of CycloneDX accepts', () => {
    execFileSync(process.execPath, [join(ROOT, 'scripts/buildSbom.mjs'), out]);
    const bills = readdirSync(out).map(
      (file) => JSON.parse(readFileSync(join(out, file), 'utf8')) as Bill,
    );
    const names = (purl: RegExp): string[] =>
      bills
        .find(({ metadata }) => purl.test(metadata.component.purl))!
        .components.map(({ name }) => name);
    expect(bills).toHaveLength(3);
    expect(names(/client@/)).toEqual(['msgpackr', 'rxjs', 'tslib', 'valibot', 'ws']);
    expect(names(/browser@/)).toContain('onnxruntime-web');
    expect(names(/npm\/sylstream@/)).toContain('onnxruntime-node');
  });
});
