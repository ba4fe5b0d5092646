import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What is installed with each of our packages of npm, by package-lock.json, optional parts of every system included, and what
 * lies in our own modules (`devDependencies` of a workspace).
 *
 * @returns for each of ours its manifest and `packages`: name, version, licence, integrity, whether it is `inside` a module
 */
export function shippedPackages(root) {
  const { packages: lock } = read(join(root, 'package-lock.json'));
  const { workspaces } = read(join(root, 'package.json'));
  return ['', ...workspaces].map((folder) => {
    const manifest = read(join(root, folder, 'package.json'));
    const inside = folder === '' ? [] : Object.keys(manifest.devDependencies ?? {});
    const found = new Map();
    const waiting = [
      ...namesOf(manifest).map((name) => placeOf(lock, name, folder)),
      ...inside.map((name) => placeOf(lock, name, folder)),
    ];
    for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
      if (found.has(place)) continue;
      const { version, license, integrity } = lock[place];
      const name = place.replace(/^.*node_modules\//, '');
      const isInside = inside.includes(name);
      found.set(place, { name, version, license, integrity, inside: isInside });
      // Of what is bundled only what is imported comes along, and the build would have told.
      if (isInside) continue;
      waiting.push(...namesOf(lock[place]).map((one) => placeOf(lock, one, place)));
    }
    const packages = [...found.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    return { manifest, packages };
  });
}

const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const keyOf = ({ name, version }) => `${name}@${version}`;
const namesOf = ({ dependencies, optionalDependencies }) =>
  Object.keys({ ...dependencies, ...optionalDependencies });

/** The place in a lock where Node finds a package from another place. */
function placeOf(lock, name, from) {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const place = `${at === '' ? '' : `${at}/`}node_modules/${name}`;
    if (place in lock) return place;
    // A workspace has no folder of that name above it but the root.
    if (at === '') throw new Error(`package-lock.json lacks ${name} of ${from || 'the root'}`);
  }
}
