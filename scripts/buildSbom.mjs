// Writes a bill of materials (CycloneDX 1.6) for each of our packages of npm into build/sbom, or FOLDER, and checks it against
// the schema. The same lock gives the same bytes. Usage: node scripts/buildSbom.mjs [FOLDER]
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { shippedPackages } from './shippedPackages.mjs';

const root = resolve(import.meta.dirname, '..');
const out = resolve(process.argv[2] ?? join(root, 'build/sbom'));
const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);

mkdirSync(out, { recursive: true });
for (const { manifest, packages } of shippedPackages(root)) {
  const bill = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: componentOf(manifest) },
    components: packages.map(componentOf),
  };
  const text = `${JSON.stringify(bill, null, 2)}\n`;
  const faults = await validator.validate(text);
  if (faults !== null) throw new Error(`${manifest.name}: ${JSON.stringify(faults)}`);
  const file = join(out, `${manifest.name.replace('@', '').replace('/', '-')}.cdx.json`);
  writeFileSync(file, text);
  console.log(`${file}: ${packages.length} packages`);
}

function componentOf({ name, version, license, integrity, inside }) {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  const [, hash] = /^sha512-(.*)$/.exec(integrity ?? '') ?? [];
  const content = hash && Buffer.from(hash, 'base64').toString('hex');
  return {
    type: 'library',
    'bom-ref': purl,
    name,
    version,
    licenses: [/ OR | AND /.test(license) ? { expression: license } : { license: { id: license } }],
    purl,
    ...(content && { hashes: [{ alg: 'SHA-512', content }] }),
    ...(inside && { properties: [{ name: 'sylstream:inside', value: 'true' }] }),
  };
}
