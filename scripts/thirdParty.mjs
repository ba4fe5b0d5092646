// Writes THIRD_PARTY.md: the licences of all that is installed with our packages, or lies in them. Throws for a licence that
// nobody looked at. Usage: node scripts/thirdParty.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { shippedPackages } from './shippedPackages.mjs';

const root = resolve(import.meta.dirname, '..');
/** Licences that let everybody use, change and pass on a package, with its notice kept, as SPDX has them. */
const ALLOWED = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'];
/** What pip installs with `sylstream-client`: not in a lock, so looked up by hand. */
const PYTHON = { msgpack: 'Apache-2.0', websockets: 'BSD-3-Clause' };

/** The text of THIRD_PARTY.md. */
export function thirdParty() {
  const ours = shippedPackages(root);
  const all = new Map();
  for (const { manifest, packages } of ours) {
    for (const one of packages) {
      const key = `${one.name}@${one.version}`;
      const users = all.get(key)?.users ?? [];
      all.set(key, {
        ...one,
        users: [...users, `${manifest.name}${one.inside ? ' (inside)' : ''}`],
      });
    }
  }
  const strange = [...all].filter(([, one]) => !isAllowed(one.license));
  if (strange.length > 0)
    throw new Error(
      `expected one of ${ALLOWED}, got ${strange.map(([key, one]) => `${key}: ${one.license}`)}`,
    );
  const keys = [...all.keys()].sort((a, b) => (a < b ? -1 : 1));
  const rows = keys.map((key) => {
    const { name, version, license, users } = all.get(key);
    return `| ${name} | ${version} | ${license} | ${users.join(', ')} |`;
  });
  const python = pythonPackages().map(
    (name) => `| ${name} (PyPI) | | ${PYTHON[name]} | sylstream-client |`,
  );
  return `# Licences of others

What is installed with our packages, optional parts of every system included, or lies inside a
module of theirs. \`node scripts/thirdParty.mjs\` writes this page from package-lock.json; a test holds
it to that. \`licences.txt\` beside a module has the texts of what lies inside it, and the page's are
in \`dist/web/licences.txt\`.

| package | version | licence | comes with |
| --- | --- | --- | --- |
${[...rows, ...python].join('\n')}

Ours beside them: the code and the weights of the bundle \`small\`, Apache-2.0; its card
(\`models/small/README.md\`) names what it was trained on, with licences. The page's sample recording
is CC0.
`;
}

/** A licence of the list, or a choice with one of the list in it. */
function isAllowed(license = '') {
  const choices = license.replaceAll(/[()]/g, '').split(' OR ');
  return choices.some((one) => ALLOWED.includes(one));
}

function pythonPackages() {
  const text = readFileSync(join(root, 'packages/python/pyproject.toml'), 'utf8');
  const list = /^dependencies = \[(.*)\]$/m.exec(text)[1];
  const names = [...list.matchAll(/"([\w-]+)/g)].map(([, name]) => name);
  const unknown = names.filter((name) => !(name in PYTHON));
  if (unknown.length > 0) throw new Error(`look up the licence of ${unknown}, for thirdParty.mjs`);
  return names;
}

if (import.meta.filename === process.argv[1])
  writeFileSync(join(root, 'THIRD_PARTY.md'), thirdParty());
